// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.io.IOException;

/**
 * Gives back storage in the middle of a file, where the host can. The JDK cannot, so a {@link FileBackend}
 * can be given one: {@code fallocate} on Linux.
 *
 * <p>Used by several threads at the same time. The file does not change its size.
 */
public interface HolePuncher extends AutoCloseable {

    /**
     * Gives storage back; the range then reads as zeroes.
     *
     * @return false if the file system cannot do this, and nothing was changed
     */
    boolean punch(long offset, long length) throws IOException;

    /**
     * Zeroes a range without writing it, and keeps its storage.
     *
     * @return false if the file system cannot do this, and nothing was changed
     */
    boolean zero(long offset, long length) throws IOException;

    /** Gives the host's resources back. */
    @Override
    void close() throws IOException;
}
