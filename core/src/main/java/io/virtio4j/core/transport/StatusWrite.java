// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FAILED;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;

import io.virtio4j.core.device.CoreFeature;

/**
 * What a write of device status does. [Device Status Field], [Device Initialization], [Device Suspend]
 *
 * <p>Bits are set one after the other, in the order of the initialization sequence, each only after the one
 * before it. A write that clears a bit, or sets one too early, changes nothing from there on.
 */
final class StatusWrite {

    /** What the driver may set; the rest is the device's, or nobody's. */
    private static final int DRIVER_BITS = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK | SUSPEND | FAILED;

    private StatusWrite() {}

    static void apply(Lifecycle device, int value) {
        int before = device.status();
        if ((before & SUSPEND) != 0) {
            applySuspended(device, value);
            return;
        }
        // > The driver MUST NOT clear a device status bit.
        int kept = before & DRIVER_BITS;
        if ((value & kept) != kept) {
            return;
        }
        int added = value & DRIVER_BITS & ~before;
        if ((added & FAILED) != 0) {
            device.change(0, FAILED);
        }
        if (device.has(FAILED)) {
            return;
        }
        boolean goOn = step(device, added, ACKNOWLEDGE, 0)
                && step(device, added, DRIVER, ACKNOWLEDGE)
                && features(device, added)
                && running(device, added);
        // > The device MUST ignore any operations on the SUSPEND bit from the driver if the device has not
        // > been completely initialized. [Device Suspend]
        if (goOn && (added & SUSPEND) != 0 && device.has(DRIVER_OK)
                && device.accepted(CoreFeature.SUSPEND)) {
            device.beginSuspend();
        }
    }

    /** Sets a bit if it was written; false if the bit before it is missing. */
    private static boolean step(Lifecycle device, int added, int bit, int required) {
        if ((added & bit) == 0) {
            return true;
        }
        if (required != 0 && !device.has(required)) {
            return false;
        }
        device.change(0, bit);
        return true;
    }

    private static boolean features(Lifecycle device, int added) {
        if ((added & FEATURES_OK) == 0) {
            return true;
        }
        // > otherwise it MUST fail to set the FEATURES_OK device status bit when the driver writes it.
        if (!device.has(DRIVER) || !device.agree()) {
            return false;
        }
        device.change(0, FEATURES_OK);
        return true;
    }

    private static boolean running(Lifecycle device, int added) {
        if ((added & DRIVER_OK) == 0) {
            return true;
        }
        if (!device.has(FEATURES_OK) || device.has(DEVICE_NEEDS_RESET)) {
            return false;
        }
        device.run();
        return true;
    }

    /** Only resuming is left, and giving up. */
    private static void applySuspended(Lifecycle device, int value) {
        if ((value & FAILED) != 0) {
            device.change(0, FAILED);
        } else if ((value & DRIVER_OK) != 0 && !device.has(FAILED)) {
            device.resume();
        }
    }
}
