// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

/**
 * Learns which guest memory the device wrote, for live migration.
 *
 * <p>Marks come after the bytes were written and before the driver can learn of it. They come from
 * every thread that drains a queue. An implementation neither throws nor blocks, and bounds-checks
 * what it is given.
 */
@FunctionalInterface
public interface DirtyLog {

    /**
     * Notes that bytes were written.
     *
     * @param address the guest-physical address of the first
     * @param length how many; positive
     */
    void mark(long address, long length);
}
