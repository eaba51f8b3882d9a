// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file system: what a file system device serves. Called by any thread; see the package's description. */
public interface FsBackend extends AutoCloseable {

    /**
     * The directory that the driver mounts. Asked once for each session that a driver begins; {@linkplain
     * FsNode#release() released} when it ends.
     */
    FsNode root() throws IOException;

    /**
     * What it can do beyond the basics. Asked once. The driver is told that a request is not implemented, and mostly
     * does not ask again, where something is missing.
     */
    Set<FsCapability> capabilities();

    /** Whether nothing of it can be changed: the device then is read-only without being told. Asked once. */
    default boolean isReadOnly() {
        return false;
    }

    /** Fills in how large and how full the file system is that a node lies in. */
    void statistics(FsNode node, FsStatistics out) throws IOException;

    /** Makes everything durable that was changed by calls that returned before. */
    default void sync() throws IOException {}

    /**
     * Its own locks, such as the host's. Asked once.
     *
     * @return {@code null} to have them kept by the device, or by the table that its embedder gives it
     */
    default @Nullable FsLocks locks() {
        return null;
    }

    /**
     * Whom to tell of changes that others make, from now on; {@code null} for nobody. A device that has a notification
     * queue passes them on to the driver.
     */
    default void listener(@Nullable FsListener listener) {}

    /** Gives everything back. The device calls it when it is closed itself; no call is under way or follows. */
    @Override
    default void close() throws IOException {}
}
