// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** [MMIO Device Discovery] */
class MmioWindowTest {

    @Test
    void linux_takes_the_window_on_its_command_line() {
        assertEquals("virtio_mmio.device=512@0x1e000:42",
                new MmioWindow(0x1e000, 512, 42).kernelParameter());
    }

    @Test
    void a_device_tree_node_has_what_the_specification_shows() {
        assertEquals("""
                virtio@1e000 {
                        compatible = "virtio,mmio";
                        reg = <0x1e000 0x200>;
                        interrupts = <42>;
                        dma-coherent;
                };
                """, new MmioWindow(0x1e000, 512, 42).deviceTreeNode());
    }

    @Test
    void a_device_tree_node_may_have_wide_addresses_and_interrupts() {
        assertEquals("""
                virtio@10a000000 {
                        compatible = "virtio,mmio";
                        reg = <0x1 0xa000000 0x0 0x200>;
                        interrupts = <0 16 1>;
                        dma-coherent;
                };
                """, new MmioWindow(0x1_0a00_0000L, 512, 48).deviceTreeNode(2, 0, 16, 1));
    }

    @Test
    void an_address_that_does_not_fit_a_cell_is_refused() {
        MmioWindow window = new MmioWindow(0x1_0000_0000L, 512, 1);

        assertThrows(IllegalStateException.class, window::deviceTreeNode);
        assertThrows(IllegalArgumentException.class, () -> window.deviceTreeNode(3, 1));
    }

    @Test
    void the_window_knows_its_addresses() {
        MmioWindow window = new MmioWindow(-512, 512, 1);

        assertTrue(window.contains(-512));
        assertTrue(window.contains(-1));
        assertFalse(window.contains(0));
        assertFalse(window.contains(-513));
    }

    @Test
    void a_window_that_cannot_be_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> new MmioWindow(0x1e002, 512, 1));
        assertThrows(IllegalArgumentException.class, () -> new MmioWindow(0x1e000, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new MmioWindow(0x1e000, 512, -1));
        assertThrows(IllegalArgumentException.class, () -> new MmioWindow(-256, 512, 1));
    }
}
