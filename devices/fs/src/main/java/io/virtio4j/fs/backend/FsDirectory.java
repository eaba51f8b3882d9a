// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;

/**
 * A directory that was opened to be listed. Belongs to the device until {@link #release()}; its node is not released
 * before. One thread calls at a time.
 */
public interface FsDirectory {

    /** What takes the entries of a directory. */
    interface Sink {

        /**
         * Takes an entry.
         *
         * <p>While it does, the directory's node may be asked to {@linkplain FsNode#lookup look} the name up.
         *
         * @param name one component, or {@code .} or {@code ..}, which need not be listed; copied
         * @param inode as {@link FsAttributes#inode}
         * @param type as in {@link FsMode}; 0 if it is not known
         * @param next where {@link FsDirectory#list} goes on after this entry
         * @return false if there was no room for it: it is to be listed again the next time
         */
        boolean add(byte[] name, long inode, int type, long next) throws IOException;
    }

    /**
     * Lists entries until the sink takes no more or none are left.
     *
     * <p>Entries that were neither created nor removed since the directory was opened are listed exactly once when
     * the directory is listed from 0 on, call after call, whatever else is created and removed meanwhile.
     *
     * @param from 0 for the beginning, or what a sink was given as {@code next} of an entry of this directory; it is
     *     the driver's word: anything else leads to any entries or to EINVAL
     */
    void list(long from, Sink sink) throws IOException;

    /** Makes durable what entries were created, renamed and removed. */
    void sync(boolean dataOnly) throws IOException;

    /** The device needs it no more. Called once. Must not block for long. */
    default void release() {}
}
