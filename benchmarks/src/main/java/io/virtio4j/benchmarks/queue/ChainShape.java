// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.queue;

/** How the buffers of a chain lie in descriptors; all chains of a benchmark are alike. */
public interface ChainShape {

    /** How many descriptors a chain has. */
    int descriptors();

    /** Whether they are in an indirect table. */
    boolean isIndirect();

    /** Whether the device writes to this buffer. */
    boolean isWritable(int descriptor);

    /** Bytes of this buffer, at most 4096. */
    int length(int descriptor);
}
