// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.transport.DeviceInstance;
import java.util.ArrayList;
import java.util.List;

/** The choices for a {@link PciTransport}; each has a default that suits most. */
public final class PciTransportBuilder {

    /** Of virtio devices. */
    static final int VIRTIO_VENDOR = 0x1AF4;

    /** Device IDs start here, plus the virtio device ID. */
    private static final int VIRTIO_DEVICE_BASE = 0x1040;

    private static final int LEAST_VECTORS = 2;
    private static final int LEAST_SUBSYSTEM_DEVICE = 0x40;

    final DeviceInstance device;
    final PciInterrupts interrupts;
    PciLayout layout = PciLayout.standard();
    int subsystemVendor = VIRTIO_VENDOR;
    int subsystemDevice;
    int classCode;
    int interruptPin = 1;
    int msixVectors;
    boolean msixMasks = true;
    PciExpress express = PciExpress.INTEGRATED_ENDPOINT;
    PowerManagement powerManagement = PowerManagement.SOFT_RESET;
    int[] notifyValues = {};
    final List<VendorData> vendorData = new ArrayList<>();

    PciTransportBuilder(DeviceInstance device, PciInterrupts interrupts) {
        this.device = device;
        this.interrupts = interrupts;
        subsystemDevice = VIRTIO_DEVICE_BASE + device.type().id();
        classCode = ClassCode.of(device.type());
        msixVectors = Math.clamp(device.queueCount() + 1, LEAST_VECTORS, MsixTable.MOST_VECTORS);
    }

    /** Where structures are. Default: {@link PciLayout#standard()}. */
    public PciTransportBuilder layout(PciLayout newLayout) {
        layout = newLayout;
        return this;
    }

    /**
     * What the driver is told of the environment. Default: vendor 0x1AF4, and the Device ID. [PCI Device
     * Discovery]
     *
     * @param vendor Subsystem Vendor ID
     * @param deviceId Subsystem ID; 0x40 or more, which keeps legacy drivers away
     */
    public PciTransportBuilder subsystem(int vendor, int deviceId) {
        if (vendor < 0 || vendor > 0xFFFF || deviceId < LEAST_SUBSYSTEM_DEVICE || deviceId > 0xFFFF) {
            throw new IllegalArgumentException("subsystem IDs have 16 bits, and the device's is at least"
                    + " 0x40 to keep legacy drivers away: vendor=" + vendor + " device=" + deviceId);
        }
        subsystemVendor = vendor;
        subsystemDevice = deviceId;
        return this;
    }

    /** Base class, sub-class and programming interface: 24 bits. Default: by the type of the device. */
    public PciTransportBuilder classCode(int code) {
        classCode = ClassCode.checked(code);
        return this;
    }

    /** Which INTx pin the function uses: 1 is INTA#, 4 is INTD#, 0 none. Default: 1. */
    public PciTransportBuilder interruptPin(int pin) {
        if (pin < 0 || pin > 4) {
            throw new IllegalArgumentException("interrupt pin has to be 0 (none) to 4 (INTD#): pin=" + pin);
        }
        interruptPin = pin;
        return this;
    }

    /**
     * How many MSI-X vectors there are: 1 to 2048, or 0 for no MSI-X. Default: one for each queue and one
     * for configuration changes. [MSI-X Vector Configuration]
     */
    public PciTransportBuilder msixVectors(int vectors) {
        if (vectors < 0 || vectors > MsixTable.MOST_VECTORS) {
            throw new IllegalArgumentException("MSI-X vectors have to be 0 (no MSI-X) to "
                    + MsixTable.MOST_VECTORS + ": vectors=" + vectors);
        }
        msixVectors = vectors;
        return this;
    }

    /**
     * Somebody else keeps the MSI-X table and masks vectors, as a vfio-user client does: {@link
     * PciInterrupts#message} is called for every interrupt while MSI-X is enabled, and pending bits are set
     * only while the function may not write to memory.
     */
    public PciTransportBuilder externalMsixTable() {
        msixMasks = false;
        return this;
    }

    /** What kind of PCI Express device it is. Default: {@link PciExpress#INTEGRATED_ENDPOINT}. */
    public PciTransportBuilder express(PciExpress kind) {
        express = kind;
        return this;
    }

    /** What happens to power states. Default: {@link PowerManagement#SOFT_RESET}. */
    public PciTransportBuilder powerManagement(PowerManagement kind) {
        powerManagement = kind;
        return this;
    }

    /**
     * By which values the driver notifies queues with NOTIF_CONFIG_DATA, one for each queue; they differ,
     * and have 16 bits. Default: the index of the queue.
     */
    public PciTransportBuilder notifyValues(int... values) {
        notifyValues = values.clone();
        return this;
    }

    /** Adds a vendor data capability. [Vendor data capability] */
    public PciTransportBuilder vendorData(VendorData data) {
        vendorData.add(data);
        return this;
    }

    PciHeader.Identity identity() {
        // > Devices MUST have the PCI Vendor ID 0x1AF4. [PCI Device Discovery]
        // > Non-transitional devices SHOULD have a PCI Revision ID of 1 or higher.
        return new PciHeader.Identity(VIRTIO_VENDOR, VIRTIO_DEVICE_BASE + device.type().id(), 1, classCode,
                subsystemVendor, subsystemDevice, interruptPin, express == PciExpress.NONE, true);
    }

    /**
     * Makes the function and attaches it to the device.
     *
     * @throws IllegalArgumentException if choices contradict each other or do not fit the device
     */
    public PciTransport build() {
        if (express != PciExpress.NONE && powerManagement == PowerManagement.NONE) {
            throw new IllegalArgumentException("PCI Express functions have power management: choose another"
                    + " PowerManagement, or PciExpress.NONE");
        }
        if (msixVectors == 0 && interruptPin == 0) {
            throw new IllegalArgumentException("function without interrupts: give it MSI-X vectors or an"
                    + " interrupt pin");
        }
        return new PciTransport(this);
    }
}
