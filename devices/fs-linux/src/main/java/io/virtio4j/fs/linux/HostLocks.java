// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import io.virtio4j.fs.backend.FsLockTable;
import io.virtio4j.fs.backend.FsLocks;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.host.linux.FileLocks;
import io.virtio4j.host.linux.LinuxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Locks that the guests' programs and the host's processes have of the same files.
 *
 * <p>Two layers. A table knows the guests' locks: whose they are, who waits for whom, and that nobody waits for
 * himself. Below it, each owner of a lock has an open file of the host, whose locks ({@code F_OFD_SETLK},
 * {@code flock}) mirror his in the table: they exclude the host's processes. The host is asked first, for what the
 * table has room for; what it refuses changes neither. It tells nobody when a process gives a lock up, so who waits
 * for one is told to look again now and then.
 */
final class HostLocks implements FsLocks {
    private static final long LOOK_MILLIS = 10;
    private static final long IDLE_SECONDS = 5;

    /** Whose locks of which file. */
    private record Owner(Object file, Kind kind, Object session, long number) {
        static Owner of(FsNode node, FsLock lock) {
            return new Owner(node.identity(), lock.kind(), lock.session(), lock.owner());
        }
    }

    /** Opens a file of the host for the locks of one owner. */
    interface Opener {
        LockFile open(HostNode node) throws FsException, LinuxException;
    }

    private final HostDirectory host;
    private final Opener opener;
    private final FsLockTable table = new FsLockTable();
    /** Of those who have locks now. */
    private final Map<Owner, LockFile> files = new HashMap<>();
    /** Those whom the table has told to try again, until no lock of this object is held. */
    private final List<Runnable> ready = new ArrayList<>();
    private final ScheduledThreadPoolExecutor looker;

    HostLocks(HostDirectory host) {
        this(host, node -> new LockFile(LockFile.openInHost(node)));
    }

    HostLocks(HostDirectory host, Opener opener) {
        this.host = host;
        this.opener = opener;
        looker = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("host-locks").factory());
        looker.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        looker.allowCoreThreadTimeOut(true);
        looker.setRemoveOnCancelPolicy(true);
    }

    @Override
    public @Nullable FsLock conflict(FsNode node, FsFile file, FsLock wanted) throws IOException {
        try {
            synchronized (this) {
                FsLock guests = table.conflict(node, file, wanted);
                if (guests != null || wanted.kind() == Kind.FLOCK) {
                    return guests;
                }
                Owner owner = Owner.of(node, wanted);
                Optional<FileLocks.Held> held;
                try {
                    held = open(owner, node).excluding(wanted);
                } finally {
                    closeUnlessNeeded(owner, node, wanted);
                }
                return held.map(lock -> ofHost(lock, wanted)).orElse(null);
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    private FsLock ofHost(FileLocks.Held held, FsLock wanted) {
        long end = held.length() == 0 ? Long.MAX_VALUE : held.start() + held.length() - 1;
        return new FsLock(wanted.kind(), held.exclusive() ? Type.WRITE : Type.READ, held.start(), end, this, 0, 0);
    }

    @Override
    public boolean set(FsNode node, FsFile file, FsLock lock) throws IOException {
        try {
            synchronized (this) {
                return table.conflict(node, file, lock) == null && mirror(node, file, lock, false);
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            runReady();
        }
    }

    @Override
    public @Nullable Wait setOrWait(FsNode node, FsFile file, FsLock lock, Runnable again) throws IOException {
        try {
            synchronized (this) {
                if (table.conflict(node, file, lock) != null) {
                    return table.setOrWait(node, file, lock, () -> later(again));
                }
                if (mirror(node, file, lock, true)) {
                    return null;
                }
                Future<?> look = looker.schedule(again, LOOK_MILLIS, TimeUnit.MILLISECONDS);
                return () -> look.cancel(false);
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            runReady();
        }
    }

    /** Sets a lock in the host and, if that can be, in the table, where nothing is in its way. */
    private boolean mirror(FsNode node, FsFile file, FsLock lock, boolean waits) throws IOException {
        if (!table.hasRoomFor(node, file, lock)) {
            throw FsException.of(FsErrno.ENOLCK);
        }
        Owner owner = Owner.of(node, lock);
        try {
            boolean done = lock.type() == Type.UNLOCK ? unlockHost(owner, lock)
                    : lock.kind() == Kind.FLOCK ? lockWhole(owner, node, file, lock, waits)
                    : open(owner, node).tryLock(lock);
            if (done) {
                table.set(node, file, lock);
            }
            return done;
        } finally {
            closeUnlessNeeded(owner, node, lock);
        }
    }

    private boolean unlockHost(Owner owner, FsLock lock) throws IOException {
        LockFile opened = files.get(owner);
        if (opened != null) {
            opened.unlock(lock);
        }
        return true;
    }

    /**
     * {@code flock(2)} gives up what was there before it looks for what is in the way. Who does not wait gets that
     * back. Who waits does not: or two of different processes would wait for each other.
     */
    private boolean lockWhole(Owner owner, FsNode node, FsFile file, FsLock lock, boolean waits) throws IOException {
        LockFile opened = open(owner, node);
        boolean keeps = !waits;
        boolean done = false;
        try {
            done = opened.tryLock(lock);
        } catch (IOException e) {
            keeps = true;
            throw e;
        } finally {
            if (!done && !(keeps && hasAgain(opened, node, lock))) {
                table.release(node, file, lock.kind(), lock.session(), lock.owner());
            }
        }
        return done;
    }

    /** Locks in the host what the owner of a lock has in the table; false if he has lost some of it. */
    private boolean hasAgain(LockFile opened, FsNode node, FsLock owned) {
        try {
            for (FsLock lock : table.owned(node, owned)) {
                if (!opened.tryLock(lock)) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The table has lost a lock, or a part of one. */
    private void takenAway(FsNode node, FsFile file, FsLock lock) throws IOException {
        Owner owner = Owner.of(node, lock);
        closeUnlessNeeded(owner, node, lock);
        LockFile opened = files.get(owner);
        if (opened == null) {
            return;
        }
        try {
            opened.unlock(lock);
        } catch (LinuxException e) {
            // What cannot be taken away alone is taken away with all that the owner has, and he gets the rest back.
            close(owner);
            boolean again = false;
            try {
                again = hasAgain(open(owner, node), node, lock);
            } finally {
                if (!again) {
                    table.release(node, file, lock.kind(), lock.session(), lock.owner());
                    close(owner);
                }
            }
            if (!again) {
                throw e;
            }
        }
    }

    private void closeUnlessNeeded(Owner owner, FsNode node, FsLock lock) {
        if (table.owned(node, lock).isEmpty()) {
            close(owner);
        }
    }

    /** The open file of an owner. */
    private LockFile open(Owner owner, FsNode node) throws IOException {
        LockFile present = files.get(owner);
        if (present == null) {
            host.take();
            try {
                present = opener.open((HostNode) node);
            } catch (FsException | LinuxException e) {
                host.give();
                throw e;
            }
            files.put(owner, present);
        }
        return present;
    }

    private void close(Owner owner) {
        LockFile opened = files.remove(owner);
        if (opened != null) {
            opened.close();
            host.give();
        }
    }

    @Override
    public void release(FsNode node, FsFile file, Kind kind, Object session, long owner) throws IOException {
        synchronized (this) {
            table.release(node, file, kind, session, owner);
            close(new Owner(node.identity(), kind, session, owner));
        }
        runReady();
    }

    @Override
    public void closed(FsNode node, FsFile file) throws IOException {
        try {
            IOException failed = null;
            synchronized (this) {
                List<FsLock> ended = table.held(node, file);
                table.closed(node, file);
                for (FsLock lock : ended) {
                    try {
                        takenAway(node, file, lock);
                    } catch (IOException e) {
                        failed = e;
                    }
                }
            }
            if (failed != null) {
                throw failed;
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            runReady();
        }
    }

    @Override
    public void releaseAll(Object session) {
        synchronized (this) {
            table.releaseAll(session);
            for (Owner owner : List.copyOf(files.keySet())) {
                if (owner.session == session) {
                    close(owner);
                }
            }
        }
        runReady();
    }

    /** Called by the table, which is called by who holds the lock of this object. */
    private void later(Runnable again) {
        synchronized (this) {
            ready.add(again);
        }
    }

    private void runReady() {
        List<Runnable> all;
        synchronized (this) {
            if (ready.isEmpty()) {
                return;
            }
            all = List.copyOf(ready);
            ready.clear();
        }
        all.forEach(Runnable::run);
    }

    void close() {
        looker.shutdownNow();
        synchronized (this) {
            List.copyOf(files.keySet()).forEach(this::close);
        }
    }
}
