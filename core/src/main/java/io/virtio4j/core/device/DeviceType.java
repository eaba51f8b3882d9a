// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

/**
 * A device type. [Device Types]
 *
 * @param id the Device ID; 1 to 63 fit every transport
 * @param name a short name for messages
 */
public record DeviceType(int id, String name) {

    /** Network device. */
    public static final DeviceType NETWORK = new DeviceType(1, "net");
    /** Block device. */
    public static final DeviceType BLOCK = new DeviceType(2, "blk");
    /** Console. */
    public static final DeviceType CONSOLE = new DeviceType(3, "console");
    /** Entropy source. */
    public static final DeviceType ENTROPY = new DeviceType(4, "entropy");
    /** Memory ballooning (traditional). */
    public static final DeviceType BALLOON = new DeviceType(5, "balloon");
    /** GPU device. */
    public static final DeviceType GPU = new DeviceType(16, "gpu");
    /** Memory device. */
    public static final DeviceType MEMORY = new DeviceType(24, "mem");
    /** Sound device. */
    public static final DeviceType SOUND = new DeviceType(25, "sound");
    /** File system device. */
    public static final DeviceType FILE_SYSTEM = new DeviceType(26, "fs");
    /** SCMI device. */
    public static final DeviceType SCMI = new DeviceType(32, "scmi");
    /** I2C adapter. */
    public static final DeviceType I2C = new DeviceType(34, "i2c");
    /** GPIO device. */
    public static final DeviceType GPIO = new DeviceType(41, "gpio");

    /** Checks the id. */
    public DeviceType {
        if (id < 1 || id > 63) {
            throw new IllegalArgumentException("device id has to be 1 to 63: id=" + id + " name=" + name);
        }
    }
}
