// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.lang.foreign.MemorySegment;

/**
 * An object of a device that other devices may use: bytes, whatever they mean to the two. [Exporting Objects]
 *
 * <p>Any thread may call its methods, at any time, also after the exporting device has destroyed the object.
 */
public interface ExportedObject {

    /** Bytes. */
    long size();

    /**
     * Copies bytes out, as many as the target has.
     *
     * @return false if the object is gone, or the range is not inside of it; nothing was copied then
     */
    boolean read(long offset, MemorySegment target);

    /**
     * Copies bytes in, all of the source.
     *
     * @return false if the object is gone, cannot be written, or the range is not inside of it; nothing was
     *     copied then
     */
    boolean write(long offset, MemorySegment source);
}
