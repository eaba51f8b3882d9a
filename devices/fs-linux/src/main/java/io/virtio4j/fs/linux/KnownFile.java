// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.host.linux.FileAttributes;
import io.virtio4j.host.linux.FileHandle;
import io.virtio4j.host.linux.FileStatus;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file of the host that a guest knows: held by a descriptor or, while others are needed more, known by a handle. Any
 * thread.
 *
 * <p>A handle is made of what was found beneath the root, and leads to that inode or to none, so it opens nothing that
 * could not have been held.
 *
 * <p>Two are equal if they are of one file, reached through one mount: there are names that only one mount leads to.
 * What is held keeps its number; once its descriptor was given up, the file may be gone and its number another's, and
 * the handles tell.
 */
final class KnownFile {

    /** What became of an attempt to give a descriptor up. */
    enum Outcome {
        GIVEN_UP,
        /** It was used just now: another time, perhaps. */
        IN_USE,
        /** It has no name, so it would be gone unless it is open. */
        WITHOUT_NAME,
        /** There is none, or it has to stay. */
        NOT_POSSIBLE
    }

    private final HostDirectory host;
    private final long mountId;
    private final FileStatus.Identity file;
    private final @Nullable HostMount mount;
    private @Nullable LinuxNode node;
    private @Nullable FileHandle handle;
    private boolean wasGivenUp;
    private int uses;
    private boolean recent;
    private volatile boolean closed;

    /** Its place in {@link RecentFiles}, whose that is. */
    RecentFiles.@Nullable Row row;
    @Nullable KnownFile older;
    @Nullable KnownFile newer;

    /**
     * Takes over a held file, whose descriptor is counted.
     *
     * @param mount entered for it; null if it is to be held always
     */
    KnownFile(HostDirectory host, LinuxNode node, FileAttributes attributes, @Nullable HostMount mount) {
        this.host = host;
        this.node = node;
        this.mount = mount;
        mountId = attributes.mount();
        file = attributes.identity();
        host.recent().add(this);
    }

    /** The mount that it was reached through. */
    long mountId() {
        return mountId;
    }

    long inode() {
        return file.inode();
    }

    boolean is(FileAttributes attributes) {
        return mountId == attributes.mount() && file.equals(attributes.identity());
    }

    // ── Uses ───────────────────────────────────────────────────────────────

    /** Begins a use: the node stays held until {@link #release}. */
    LinuxNode acquire() throws FsException {
        LinuxNode held = acquireIfHeld();
        return held != null ? held : findAgain();
    }

    /** As {@link #acquire}, if there is a descriptor. */
    synchronized @Nullable LinuxNode acquireIfHeld() {
        if (node != null) {
            uses++;
            recent = true;
        }
        return node;
    }

    private LinuxNode findAgain() throws FsException {
        host.takeForKnown();
        boolean opened = false;
        try {
            synchronized (this) {
                LinuxNode held = node;
                if (held == null) {
                    held = found();
                    node = held;
                    opened = true;
                }
                uses++;
                recent = true;
                return held;
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            if (opened) {
                host.recent().add(this);
            } else {
                host.give(); // failed, or another thread was faster
            }
        }
    }

    private LinuxNode found() throws FsException, LinuxException {
        if (mount == null || handle == null) {
            throw new IllegalStateException("not held, and not to be found: " + file);
        }
        LinuxNode found = handle.hold(mount.top());
        boolean same = false;
        try {
            same = is(found.attributes());
        } finally {
            if (!same) {
                found.close();
            }
        }
        if (!same) {
            throw FsException.of(FsErrno.ESTALE);
        }
        return found;
    }

    /** Ends a use. */
    void release() {
        synchronized (this) {
            uses--;
        }
        host.makeRoom();
    }

    // ── Its descriptor ─────────────────────────────────────────────────────

    /** Whether it could do without one. */
    boolean canBeFoundAgain() {
        return mount != null && mount.hasHandles() && !closed;
    }

    /**
     * Closes the descriptor of a file that can be found again, unless it was used since the last attempt.
     *
     * @param evenNameless whether it need not have a name
     */
    Outcome giveUp(boolean evenNameless) {
        LinuxNode unused;
        synchronized (this) {
            LinuxNode held = node;
            if (held == null || mount == null) {
                return Outcome.NOT_POSSIBLE;
            }
            if (uses > 0 || recent) {
                recent = false;
                return Outcome.IN_USE;
            }
            try {
                if (handle(held) == null) {
                    return Outcome.NOT_POSSIBLE;
                }
                if (!evenNameless && held.attributes().links() == 0) {
                    return Outcome.WITHOUT_NAME;
                }
                mount.top();
            } catch (LinuxException e) {
                return Outcome.NOT_POSSIBLE;
            }
            unused = held;
            node = null;
            wasGivenUp = true;
        }
        unused.close();
        host.give();
        return Outcome.GIVEN_UP;
    }

    /** By who synchronizes. */
    private @Nullable FileHandle handle(LinuxNode held) throws LinuxException {
        if (handle == null) {
            handle = FileHandle.of(held);
        }
        return handle;
    }

    /** The guest has forgotten it. */
    void close() {
        closed = true;
        host.recent().remove(this);
        LinuxNode held;
        synchronized (this) {
            held = node;
            node = null;
        }
        if (held != null) {
            held.close();
            host.give();
        }
        if (mount != null) {
            mount.leave();
        }
    }

    // ── Which file it is ───────────────────────────────────────────────────

    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof KnownFile known && mountId == known.mountId && file.equals(known.file)
                && (!wasGivenUp() && !known.wasGivenUp() || Objects.equals(handle(), known.handle()));
    }

    private synchronized boolean wasGivenUp() {
        return wasGivenUp;
    }

    private synchronized @Nullable FileHandle handle() {
        try {
            return node == null ? handle : handle(node);
        } catch (LinuxException e) {
            return null;
        }
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(mountId) + file.hashCode();
    }

    @Override
    public synchronized String toString() {
        return (node == null ? handle : node) + " mount=" + mountId + " " + file;
    }
}
