// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.queue;

/** How the buffers of a chain lie in descriptors; the shapes of the other implementations' programs. */
public enum Shape implements ChainShape {
    /** One device-readable descriptor of 1,500 bytes. */
    ONE("1desc", 1, false),
    /** 1,500 bytes to read, 1,500 to write. */
    TWO("2desc", 2, false),
    /** A header of 16 bytes to read, 1,500 and 1 bytes to write: a block device's read. */
    THREE("3desc", 3, false),
    /** As {@link #THREE}, in an indirect table. */
    INDIRECT_THREE("3ind", 3, true);

    private final String label;
    private final int descriptors;
    private final boolean indirect;

    Shape(String label, int descriptors, boolean indirect) {
        this.label = label;
        this.descriptors = descriptors;
        this.indirect = indirect;
    }

    /** What the programs of other implementations call it. */
    String label() {
        return label;
    }

    @Override
    public int descriptors() {
        return descriptors;
    }

    @Override
    public boolean isIndirect() {
        return indirect;
    }

    @Override
    public boolean isWritable(int descriptor) {
        boolean last = descriptor == descriptors - 1;
        return descriptors > 1 && (last || descriptors >= 3 && descriptor >= 1);
    }

    @Override
    public int length(int descriptor) {
        if (descriptors < 3) {
            return 1500;
        }
        return descriptor == 0 ? 16 : descriptor == 2 ? 1 : 1500;
    }
}
