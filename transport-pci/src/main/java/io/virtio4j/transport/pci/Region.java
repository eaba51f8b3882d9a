// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** What answers in a part of a BAR. Offsets are its own. */
interface Region {

    /** Reads; 0 where it cannot. */
    long read(long offset, int width);

    /** Writes; ignored where it cannot. */
    void write(long offset, int width, long value);
}
