// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * An entry of the MSI-X table, 16 bytes: Message Address, Message Upper Address, Message Data, Vector
 * Control. Immutable, so that a message never mixes an old address with new data. [PCI]
 *
 * @param address a multiple of 4
 * @param data what is written there
 * @param masked the only bit of Vector Control
 */
record MsixEntry(long address, int data, boolean masked) {

    static final int SIZE = 16;

    /** After a reset. */
    static final MsixEntry RESET = new MsixEntry(0, 0, true);

    private static final int ADDRESS = 0;
    private static final int UPPER_ADDRESS = 4;
    private static final int DATA = 8;
    private static final int VECTOR_CONTROL = 12;

    private static final int MASK = 1;

    /** Reads one double word; {@code offset} is a multiple of 4 below 16. */
    int get(int offset) {
        return switch (offset) {
            case ADDRESS -> (int) address;
            case UPPER_ADDRESS -> (int) (address >>> 32);
            case DATA -> data;
            case VECTOR_CONTROL -> masked ? MASK : 0;
            default -> throw new IllegalArgumentException("not a double word: offset=" + offset);
        };
    }

    /** This entry with one double word written. */
    MsixEntry with(int offset, int value) {
        return switch (offset) {
            case ADDRESS -> new MsixEntry(
                    address & 0xFFFF_FFFF_0000_0000L | value & 0xFFFF_FFFCL, data, masked);
            case UPPER_ADDRESS -> new MsixEntry(address & 0xFFFF_FFFFL | (long) value << 32, data, masked);
            case DATA -> new MsixEntry(address, value, masked);
            case VECTOR_CONTROL -> new MsixEntry(address, data, (value & MASK) != 0);
            default -> throw new IllegalArgumentException("not a double word: offset=" + offset);
        };
    }
}
