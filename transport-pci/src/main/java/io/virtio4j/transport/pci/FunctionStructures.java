// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that a function has in its BARs, put into place, with the capabilities that say where. */
final class FunctionStructures {

    private final DeviceInstance device;
    private final PciLayout layout;
    private final MsixTable msix;
    private final IntxPin pin;
    private final NotifyValues notifyValues;
    private final ConfigGeneration generation = new ConfigGeneration();
    private final CommonConfig common;

    private final List<PciBar> bars;
    private final List<BarArea> areas = new ArrayList<>();
    private final Map<Integer, BarArea> sharedMemory = new HashMap<>();
    private final BarSpace space;

    FunctionStructures(PciTransportBuilder from, Runnable silence) {
        device = from.device;
        layout = from.layout;
        checkMultiplier();
        msix = new MsixTable(from.msixVectors, from.interrupts, from.msixMasks);
        pin = new IntxPin(from.interrupts);
        notifyValues = new NotifyValues(device.queueCount(), from.notifyValues);
        common = new CommonConfig(device, from.msixVectors, notifyValues, generation, this::afterReset);

        PciLayout.Resolved resolved = layout.resolve(wants());
        bars = resolved.bars();
        List<Region> regions = new ArrayList<>();
        for (PciLayout.Placed placed : resolved.placed()) {
            PciLayout.Want want = placed.want();
            boolean shared = want.structure() == PciStructure.SHARED_MEMORY;
            BarArea area = new BarArea(want.structure(), placed.bar(), placed.offset(), want.length(),
                    shared ? memory(want.id()) : null);
            areas.add(area);
            regions.add(region(want, silence));
            if (shared) {
                sharedMemory.put(want.id(), area);
            }
        }
        space = new BarSpace(areas, regions);
    }

    private void checkMultiplier() {
        // > The device MUST either present notify_off_multiplier as a number that is a power of 2 that is
        // > also a multiple 4, or present notify_off_multiplier as 0. [Notification structure layout]
        if (layout.notifyMultiplier() == 2 && device.offered().has(CoreFeature.NOTIFICATION_DATA)) {
            throw new IllegalArgumentException("notify multiplier has to be 0 or a multiple of 4 where"
                    + " NOTIFICATION_DATA is offered: multiplier=2");
        }
    }

    // ── Structures ─────────────────────────────────────────────────────────

    private List<PciLayout.Want> wants() {
        List<PciLayout.Want> wants = new ArrayList<>();
        int multiplier = layout.notifyMultiplier();
        wants.add(want(PciStructure.COMMON, CommonField.LENGTH, 4));
        wants.add(want(PciStructure.NOTIFY, NotifyRegion.length(device.queueCount(), multiplier), 4));
        wants.add(want(PciStructure.ISR, IsrStatus.LENGTH, 1));
        // > The device MUST present at least one VIRTIO_PCI_CAP_DEVICE_CFG capability for any device type
        // > which has a device-specific configuration.
        if (device.configSize() > 0) {
            // > The offset for the device-specific configuration MUST be 4-byte aligned.
            wants.add(want(PciStructure.DEVICE, device.configSize() + 3 & ~3, 4));
        }
        if (msix.vectors() > 0) {
            wants.add(want(PciStructure.MSIX_TABLE, msix.tableLength(), 8));
            wants.add(want(PciStructure.MSIX_PBA, msix.pendingLength(), 8));
        }
        for (SharedMemoryRegion region : device.sharedMemory()) {
            // > The cap.id MUST be unique for any one device instance.
            if (wants.stream().anyMatch(want -> want.structure() == PciStructure.SHARED_MEMORY
                    && want.id() == region.id())) {
                throw new IllegalArgumentException("shared memory regions have the same id: device="
                        + device.type().name() + " id=" + region.id());
            }
            wants.add(new PciLayout.Want(
                    PciStructure.SHARED_MEMORY, region.length(), PciLayout.PAGE, region.id()));
        }
        if (layout.has(PciStructure.PORT_NOTIFY)) {
            wants.add(want(PciStructure.PORT_NOTIFY, NotifyRegion.length(device.queueCount(), 0), 4));
        }
        if (layout.has(PciStructure.LEGACY_GUARD)) {
            wants.add(want(PciStructure.LEGACY_GUARD, LegacyGuard.LENGTH, 4));
        }
        return wants;
    }

    private static PciLayout.Want want(PciStructure structure, long length, int alignment) {
        return new PciLayout.Want(structure, length, alignment, 0);
    }

    private Region region(PciLayout.Want want, Runnable silence) {
        return switch (want.structure()) {
            case COMMON -> common;
            case NOTIFY -> new NotifyRegion(device, common, notifyValues, layout.notifyMultiplier());
            case ISR -> pin.isr();
            case DEVICE -> new DeviceConfigRegion(device, generation);
            case SHARED_MEMORY -> new SharedMemoryArea(memory(want.id()));
            case MSIX_TABLE -> msix.new Table();
            case MSIX_PBA -> msix.new PendingBits();
            case PORT_NOTIFY -> new NotifyRegion(device, common, notifyValues, 0);
            case LEGACY_GUARD -> new LegacyGuard(silence);
        };
    }

    private MemorySegment memory(int id) {
        for (SharedMemoryRegion region : device.sharedMemory()) {
            if (region.id() == id) {
                return region.segment();
            }
        }
        throw new IllegalArgumentException("no shared memory region: id=" + id);
    }

    // ── Capabilities ───────────────────────────────────────────────────────

    void addCapabilities(ConfigBytes config, CapabilityList list) {
        // > If the device presents multiple structures of the same type, it SHOULD order them from optimal
        // > (first) to least-optimal (last).
        BarArea ports = find(PciStructure.PORT_NOTIFY);
        if (ports != null) {
            VirtioCapability.addNotify(config, list, ports, 0);
        }
        add(config, list, VirtioCapability.COMMON_CFG, find(PciStructure.COMMON));
        BarArea notify = find(PciStructure.NOTIFY);
        if (notify != null) {
            VirtioCapability.addNotify(config, list, notify, layout.notifyMultiplier());
        }
        add(config, list, VirtioCapability.ISR_CFG, find(PciStructure.ISR));
        add(config, list, VirtioCapability.DEVICE_CFG, find(PciStructure.DEVICE));
        for (SharedMemoryRegion region : device.sharedMemory()) {
            BarArea area = sharedMemory.get(region.id());
            if (area != null) {
                VirtioCapability.addSharedMemory(config, list, area, region.id());
            }
        }
    }

    private static void add(ConfigBytes config, CapabilityList list, int type, @Nullable BarArea area) {
        if (area != null) {
            VirtioCapability.add(config, list, type, VirtioCapability.SIZE, area);
        }
    }

    @Nullable MsixCapability addMsixCapability(ConfigBytes config, CapabilityList list) {
        BarArea table = find(PciStructure.MSIX_TABLE);
        BarArea pendingBits = find(PciStructure.MSIX_PBA);
        return table == null || pendingBits == null ? null
                : new MsixCapability(config, list, msix.vectors(), table, pendingBits);
    }

    private @Nullable BarArea find(PciStructure structure) {
        for (BarArea area : areas) {
            if (area.structure() == structure) {
                return area;
            }
        }
        return null;
    }

    // ── For the function ───────────────────────────────────────────────────

    List<PciBar> bars() {
        return bars;
    }

    BarSpace space() {
        return space;
    }

    MsixTable msix() {
        return msix;
    }

    IntxPin pin() {
        return pin;
    }

    CommonConfig common() {
        return common;
    }

    List<Doorbell> doorbells() {
        BarArea notify = find(PciStructure.NOTIFY);
        int multiplier = layout.notifyMultiplier();
        List<Doorbell> doorbells = new ArrayList<>();
        if (notify != null && multiplier != 0) {
            for (int queue = 0; queue < device.queueCount(); queue++) {
                doorbells.add(new Doorbell(
                        queue, notify.bar(), notify.offset() + queue * (long) multiplier));
            }
        }
        return doorbells;
    }

    /** The driver reset the device: no event is left of which it could be told. */
    private void afterReset() {
        msix.clearPending();
        pin.isr().clear();
    }

    /** Resets the device, and what is in the BARs. */
    void reset() {
        common.reset();
        msix.reset();
    }
}
