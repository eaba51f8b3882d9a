// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

/** The registers, in the order of the specification's table. [MMIO Device Register Layout] */
public enum MmioRegister {
    /** Always {@code 0x74726976}, "virt". */
    MAGIC_VALUE(0x000, Access.R),
    /** Always 2. */
    VERSION(0x004, Access.R),
    /** The device type; 0 where there is no device. */
    DEVICE_ID(0x008, Access.R),
    /** Who made the device. */
    VENDOR_ID(0x00c, Access.R),
    /** 32 offered feature bits. */
    DEVICE_FEATURES(0x010, Access.R),
    /** Which 32 bits {@link #DEVICE_FEATURES} reads. */
    DEVICE_FEATURES_SEL(0x014, Access.W),
    /** 32 accepted feature bits. */
    DRIVER_FEATURES(0x020, Access.W),
    /** Which 32 bits {@link #DRIVER_FEATURES} writes. */
    DRIVER_FEATURES_SEL(0x024, Access.W),
    /** Which queue the queue registers are about. */
    QUEUE_SEL(0x030, Access.W),
    /** The largest size of the queue; 0 if there is none. */
    QUEUE_SIZE_MAX(0x034, Access.R),
    /** The size of the queue. */
    QUEUE_SIZE(0x038, Access.W),
    /** 1 while the queue is in use. */
    QUEUE_READY(0x044, Access.RW),
    /** Available buffer notifications. */
    QUEUE_NOTIFY(0x050, Access.W),
    /** Which events wait for the driver. */
    INTERRUPT_STATUS(0x060, Access.R),
    /** Which events the driver has seen. */
    INTERRUPT_ACK(0x064, Access.W),
    /** Device status; 0 resets. */
    STATUS(0x070, Access.RW),
    /** The queue's descriptor area, bits 0 to 31. */
    QUEUE_DESC_LOW(0x080, Access.W),
    /** The queue's descriptor area, bits 32 to 63. */
    QUEUE_DESC_HIGH(0x084, Access.W),
    /** The queue's driver area, bits 0 to 31. */
    QUEUE_DRIVER_LOW(0x090, Access.W),
    /** The queue's driver area, bits 32 to 63. */
    QUEUE_DRIVER_HIGH(0x094, Access.W),
    /** The queue's device area, bits 0 to 31. */
    QUEUE_DEVICE_LOW(0x0a0, Access.W),
    /** The queue's device area, bits 32 to 63. */
    QUEUE_DEVICE_HIGH(0x0a4, Access.W),
    /** Which shared memory region the next four registers are about. */
    SHM_SEL(0x0ac, Access.W),
    /** The region's length in bytes, bits 0 to 31; all ones if there is none. */
    SHM_LEN_LOW(0x0b0, Access.R),
    /** The region's length in bytes, bits 32 to 63. */
    SHM_LEN_HIGH(0x0b4, Access.R),
    /** The region's guest-physical address, bits 0 to 31; all ones if there is none. */
    SHM_BASE_LOW(0x0b8, Access.R),
    /** The region's guest-physical address, bits 32 to 63. */
    SHM_BASE_HIGH(0x0bc, Access.R),
    /** 1 while the queue is being reset. */
    QUEUE_RESET(0x0c0, Access.RW),
    /** Changes with the device-specific configuration. */
    CONFIG_GENERATION(0x0fc, Access.R),
    /** The device-specific configuration: this offset and all after it. */
    CONFIG(0x100, Access.RW),
    /** No register. */
    UNKNOWN(-1, Access.NONE);

    /** What the driver may do with a register. */
    public enum Access {
        /** Read. */
        R,
        /** Write. */
        W,
        /** Read and write. */
        RW,
        /** Nothing. */
        NONE
    }

    /** One entry for each aligned offset before the configuration. */
    private static final MmioRegister[] CONTROL = new MmioRegister[CONFIG.offset / 4];

    static {
        for (int i = 0; i < CONTROL.length; i++) {
            CONTROL[i] = UNKNOWN;
        }
        for (MmioRegister register : values()) {
            if (register.offset >= 0 && register.offset < CONFIG.offset) {
                CONTROL[register.offset / 4] = register;
            }
        }
    }

    private final int offset;
    private final Access access;

    MmioRegister(int offset, Access access) {
        this.offset = offset;
        this.access = access;
    }

    /** Where it is, in bytes from the start of the window. */
    public int offset() {
        return offset;
    }

    /** What the driver may do with it. */
    public Access access() {
        return access;
    }

    /** The register at this offset; {@link #UNKNOWN} if none begins there. */
    public static MmioRegister at(long offset) {
        if (offset >= CONFIG.offset) {
            return CONFIG;
        }
        return offset >= 0 && (offset & 3) == 0 ? CONTROL[(int) offset >> 2] : UNKNOWN;
    }
}
