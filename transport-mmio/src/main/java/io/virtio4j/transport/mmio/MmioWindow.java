// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

/**
 * Where a guest finds a device: MMIO has no discovery, so the guest has to be told. [MMIO Device Discovery]
 *
 * @param base the guest-physical address of the registers
 * @param size bytes
 * @param interrupt the interrupt's number, as the guest counts
 */
public record MmioWindow(long base, long size, int interrupt) {

    /** Checks the numbers. */
    public MmioWindow {
        if (size < 1 || interrupt < 0 || Long.compareUnsigned(base, -size) > 0 || (base & 3) != 0) {
            throw new IllegalArgumentException("window needs a base that is a multiple of 4, a size, and an"
                    + " interrupt: base=0x" + Long.toHexString(base) + " size=" + size
                    + " interrupt=" + interrupt);
        }
    }

    /** Whether an address lies in the window. */
    public boolean contains(long address) {
        return Long.compareUnsigned(address - base, size) < 0;
    }

    /**
     * The parameter for Linux's command line, for machines without device tree: {@code
     * virtio_mmio.device=SIZE@BASE:IRQ}. May be there several times. The kernel needs {@code
     * CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES}.
     */
    public String kernelParameter() {
        return "virtio_mmio.device=" + size + "@0x" + Long.toHexString(base) + ":" + interrupt;
    }

    /**
     * The node for a device tree whose parent has one address cell and one size cell, and an interrupt
     * parent with one interrupt cell.
     *
     * @throws IllegalStateException if the address does not fit a cell
     */
    public String deviceTreeNode() {
        return deviceTreeNode(1, interrupt);
    }

    /**
     * The node for a device tree.
     *
     * @param cells the parent's {@code #address-cells} and {@code #size-cells}: 1 or 2
     * @param interruptCells the interrupt as its controller wants it, such as {@code 0, 16, 1} for shared
     *     interrupt 16, edge-triggered, of an Arm GIC (which is interrupt 48)
     * @throws IllegalStateException if the address does not fit the cells
     */
    public String deviceTreeNode(int cells, int... interruptCells) {
        if (cells != 1 && cells != 2) {
            throw new IllegalArgumentException("address and size have 1 or 2 cells: cells=" + cells);
        }
        StringBuilder interrupts = new StringBuilder();
        for (int cell : interruptCells) {
            interrupts.append(interrupts.isEmpty() ? "" : " ").append(cell);
        }
        return """
                virtio@%s {
                        compatible = "virtio,mmio";
                        reg = <%s %s>;
                        interrupts = <%s>;
                        dma-coherent;
                };
                """.formatted(Long.toHexString(base), cells(cells, base), cells(cells, size), interrupts);
    }

    private static String cells(int cells, long value) {
        if (cells == 1 && value >>> 32 != 0) {
            throw new IllegalStateException("value needs two cells in a device tree: value=0x"
                    + Long.toHexString(value));
        }
        String low = "0x" + Long.toHexString(value & 0xFFFF_FFFFL);
        return cells == 1 ? low : "0x" + Long.toHexString(value >>> 32) + " " + low;
    }
}
