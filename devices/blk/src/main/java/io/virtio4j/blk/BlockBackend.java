// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * Where a block device keeps its data: bytes at offsets. To be implemented by the embedder, or use {@link
 * FileBackend} or {@link MemoryBackend}.
 *
 * <p>Methods block until they are done, on the thread that works on a queue. Storage that may be slow or
 * hang is better put behind an {@link AsyncBlockBackend}; {@link AsyncBlockBackend#of} makes one of this.
 *
 * <p>Several threads call at the same time, one for each queue that has a worker of its own. Offsets and
 * lengths are multiples of 512, lengths positive, and ranges lie inside of the device's capacity. Anything
 * thrown is answered with IOERR; the device goes on.
 */
public non-sealed interface BlockBackend extends BlockStorage {

    /**
     * Fills all writable bytes of a buffer.
     *
     * <p>The buffer may be guest memory: fill it, never read it, and keep no reference to it.
     *
     * @throws IOException if not all could be read; the content of the buffer does not matter then
     */
    void read(long offset, ByteBuf target) throws IOException;

    /**
     * Writes all readable bytes of a buffer.
     *
     * <p>The buffer may be guest memory, which the driver may change meanwhile: move the bytes, look at none
     * of them twice, and keep no reference.
     *
     * @throws IOException if not all could be written; the range holds anything then
     */
    void write(long offset, ByteBuf source) throws IOException;

    /**
     * Makes durable whatever was written, zeroed and discarded by calls that returned before this one began.
     * Called by a thread of the device's own, unless the storage is not durable.
     *
     * @throws IOException if any of it may be lost; the device then trusts no later force of this backend
     */
    void force() throws IOException;

    /**
     * Zeroes the beginning of a range, as much as can be done in a few milliseconds. The device calls again
     * for the rest.
     *
     * @param mayUnmap whether storage may be given back, provided that zeroes are read
     * @return how many bytes were zeroed; a positive multiple of 512
     */
    default long zero(long offset, long length, boolean mayUnmap) throws IOException {
        return Zeroes.write(this, offset, length);
    }

    /**
     * Gives back the storage of the beginning of a range, as much as can be done in a few milliseconds. What
     * is read from it afterwards does not matter, as long as it is not somebody else's data.
     *
     * @return how many bytes were dealt with; a positive multiple of 512
     */
    default long discard(long offset, long length) throws IOException {
        return length;
    }

    /**
     * Destroys the content of the beginning of a range, as much as can be done in a few milliseconds. Only
     * asked for if the embedder offers SECURE_ERASE.
     *
     * @return how many bytes were erased; a positive multiple of 512
     */
    default long erase(long offset, long length) throws IOException {
        return zero(offset, length, false);
    }

    /**
     * Transfers of fewer bytes are worth being gathered in a buffer first. Zero if every transfer costs the
     * same per byte.
     */
    default int gatherBelow() {
        return 16 << 10;
    }
}
