// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;

/**
 * The saved form of a function: one section {@code pci}, with configuration space, the common
 * configuration, ISR status, the MSI-X table, and the device's own saved form. Version 1.
 */
final class FunctionSnapshot {

    private static final String SECTION = "pci";
    private static final int VERSION = 1;

    private final DeviceInstance device;
    private final ConfigBytes config;
    private final FunctionStructures structures;

    FunctionSnapshot(DeviceInstance device, ConfigBytes config, FunctionStructures structures) {
        this.device = device;
        this.config = config;
        this.structures = structures;
    }

    byte[] save(boolean silent) {
        device.pause();
        try {
            byte[] saved = device.save();
            StateWriter out = new StateWriter();
            out.bytes(config.save());
            structures.common().save(out);
            out.u8(structures.pin().isr().get());
            structures.msix().save(out);
            out.flag(silent);
            out.bytes(saved);
            return new StateWriter().section(SECTION, VERSION, out).toByteArray();
        } finally {
            device.unpause();
        }
    }

    /**
     * Reads and checks everything before anything changes.
     *
     * @return whether the function is silent
     */
    boolean restore(byte[] saved) {
        StateReader all = new StateReader(saved);
        StateReader in = all.section(SECTION, VERSION);
        all.end();
        byte[] bytes = in.bytes();
        if (!config.accepts(bytes)) {
            throw new StateException("saved configuration space is that of another function: device="
                    + device.type().name() + " size=" + bytes.length);
        }
        Runnable restoreCommon = structures.common().restore(in);
        int isr = in.u8();
        if ((isr & ~IsrStatus.BITS) != 0) {
            throw new StateException("saved ISR status has bits that there are not: isr=0x"
                    + Integer.toHexString(isr));
        }
        Runnable restoreMsix = structures.msix().restore(in);
        boolean silent = in.flag();
        byte[] savedDevice = in.bytes();
        in.end();

        device.pause();
        try {
            device.restore(savedDevice);
            config.restore(bytes);
            restoreMsix.run();
            structures.pin().isr().restore(isr);
            restoreCommon.run();
            structures.common().followStatus();
        } finally {
            device.unpause();
        }
        return silent;
    }
}
