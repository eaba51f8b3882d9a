// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import java.util.StringJoiner;

/** The bits of device status. [Device Status Field] */
public final class DeviceStatus {

    /** The guest found the device. */
    public static final int ACKNOWLEDGE = 1;
    /** The guest knows how to drive it. */
    public static final int DRIVER = 2;
    /** The driver is set up and the device runs. */
    public static final int DRIVER_OK = 4;
    /** Negotiation is complete. */
    public static final int FEATURES_OK = 8;
    /** The device was suspended by the driver. */
    public static final int SUSPEND = 16;
    /** The device met an error from which it cannot recover. */
    public static final int DEVICE_NEEDS_RESET = 64;
    /** The guest gave up. */
    public static final int FAILED = 128;

    private DeviceStatus() {}

    /** The names of the bits, for messages. */
    public static String text(int status) {
        StringJoiner names = new StringJoiner("|");
        names.setEmptyValue("0");
        add(names, status, ACKNOWLEDGE, "ACKNOWLEDGE");
        add(names, status, DRIVER, "DRIVER");
        add(names, status, FEATURES_OK, "FEATURES_OK");
        add(names, status, DRIVER_OK, "DRIVER_OK");
        add(names, status, SUSPEND, "SUSPEND");
        add(names, status, DEVICE_NEEDS_RESET, "DEVICE_NEEDS_RESET");
        add(names, status, FAILED, "FAILED");
        return names.toString();
    }

    private static void add(StringJoiner names, int status, int bit, String name) {
        if ((status & bit) != 0) {
            names.add(name);
        }
    }
}
