// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * The PCI configuration access capability: four bytes of configuration space that stand for one, two or four
 * of a virtio structure. [PCI configuration access capability]
 *
 * <p>The structure is accessed without holding configuration space, so that what an access causes may come
 * back here.
 */
final class PciCfgWindow {

    private final ConfigBytes config;
    private final int at;
    private final BarSpace space;

    PciCfgWindow(ConfigBytes config, int at, BarSpace space) {
        this.config = config;
        this.at = at;
        this.space = space;
    }

    /** Whether an access to configuration space touches {@code pci_cfg_data}. */
    boolean isData(int offset, int width) {
        int data = at + VirtioCapability.PCI_CFG_DATA.offset();
        return offset < data + 4 && data < offset + width;
    }

    /** What the driver aimed at. */
    private record Aim(int bar, long offset, long length, long data) {}

    private Aim aim() {
        synchronized (config) {
            return new Aim(
                    config.get(at, VirtioCapability.BAR),
                    config.get(at, VirtioCapability.OFFSET),
                    config.get(at, VirtioCapability.LENGTH),
                    config.get(at, VirtioCapability.PCI_CFG_DATA));
        }
    }

    private boolean hits(Aim aim) {
        return (aim.length == 1 || aim.length == 2 || aim.length == 4)
                && (aim.offset & (aim.length - 1)) == 0
                && space.isInWindow(aim.bar, aim.offset, (int) aim.length);
    }

    /** Fetches what {@code pci_cfg_data} is about to show. */
    void read() {
        Aim aim = aim();
        // > Upon detecting driver read access to pci_cfg_data, the device MUST execute a read access of
        // > length cap.length at offset cap.offset at BAR selected by cap.bar and store the first cap.length
        // > bytes in pci_cfg_data.
        long data = 0;
        if (hits(aim)) {
            long mask = Width.ones((int) aim.length);
            data = aim.data & ~mask | space.read(aim.bar, aim.offset, (int) aim.length) & mask;
        }
        config.set(at, VirtioCapability.PCI_CFG_DATA, data);
    }

    /** Carries on what was just written to {@code pci_cfg_data}. */
    void write() {
        Aim aim = aim();
        // > Upon detecting driver write access to pci_cfg_data, the device MUST execute a write access at
        // > offset cap.offset at BAR selected by cap.bar using the first cap.length bytes from pci_cfg_data.
        if (hits(aim)) {
            int width = (int) aim.length;
            space.write(aim.bar, aim.offset, width, aim.data & Width.ones(width));
        }
    }
}
