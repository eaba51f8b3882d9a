// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** Widths of accesses, in bytes. */
final class Width {

    private Width() {}

    /** Whether a processor accesses memory in this width. */
    static boolean isMemory(int width) {
        return width == 4 || width == 2 || width == 1 || width == 8;
    }

    /** What a read gives that nobody answers. */
    static long ones(int width) {
        return switch (width) {
            case 1 -> 0xFF;
            case 2 -> 0xFFFF;
            case 4 -> 0xFFFF_FFFFL;
            case 8 -> -1;
            default -> 0;
        };
    }

    /** Whether an access to configuration space is one that a bus can carry: within a double word. */
    static boolean isConfig(int offset, int width) {
        return (width == 1 || width == 2 || width == 4) && (offset & 3) + width <= 4;
    }
}
