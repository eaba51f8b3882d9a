// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who keeps the locks of files. Methods are called by any thread and block for nothing: to wait for a lock is to be
 * told when it is worth asking again. {@link FsLockTable} is one in this process.
 */
public interface FsLocks {

    /** The wait of somebody for a lock. */
    interface Wait {

        /** Ends it; what it would call may be called still. */
        void cancel();
    }

    /**
     * Looks for a lock that is in the way.
     *
     * @return {@code null} if there is none
     */
    @Nullable FsLock conflict(FsNode node, FsFile file, FsLock wanted) throws IOException;

    /**
     * Sets a lock, changes one, or takes one away. A lock of the same owner and kind gives way where it overlaps.
     *
     * @return false if another is in the way; nothing was changed then
     * @throws IOException if it cannot be, {@code ENOLCK} if there are too many; nothing was changed then
     */
    boolean set(FsNode node, FsFile file, FsLock lock) throws IOException;

    /**
     * Sets a lock, or tells when to try again. Who waits to change a lock of a whole file may lose the one that he has,
     * as with {@code flock(2)}.
     *
     * @param again called once, by any thread that holds no lock of its own, when it is worth trying again
     * @return {@code null} if it was set
     * @throws FsException EDEADLK if the owner would wait for itself
     */
    @Nullable Wait setOrWait(FsNode node, FsFile file, FsLock lock, Runnable again) throws IOException;

    /** Takes all locks of one kind and owner of a file away. */
    void release(FsNode node, FsFile file, FsLock.Kind kind, Object session, long owner) throws IOException;

    /**
     * An open file is closed for good, with whatever was set through it: takes those locks away, whoever owns them, and
     * tells those to try again who wait through it. Called before the file is released, if a lock was ever asked for.
     *
     * <p>Owners need not be spoken of again: Linux takes the locks of a process back when it closes the file, by
     * {@link #release}, but not those of an open file ({@code F_OFD_SETLK}).
     */
    void closed(FsNode node, FsFile file) throws IOException;

    /**
     * The locks that were set through an open file, to be saved with a driver's state and {@linkplain #restore set
     * again} where that is restored. Default: none, if others keep them.
     */
    default List<FsLock> held(FsNode node, FsFile file) {
        return List.of();
    }

    /**
     * Sets a lock of a driver again whose state is restored. The driver was told once that it has the lock, and cannot
     * be told that it has not any more. Default: as {@link #set}, and it is lost if another is in the way.
     *
     * @param lost called once at most, by any thread that holds no lock of its own, if others have the lock
     * @throws IOException if it cannot be set; it is lost then too
     */
    default void restore(FsNode node, FsFile file, FsLock lock, Runnable lost) throws IOException {
        if (!set(node, file, lock)) {
            lost.run();
        }
    }

    /** Takes all locks of a driver away: it is gone. */
    void releaseAll(Object session);
}
