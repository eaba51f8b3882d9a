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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
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
 *
 * <p>Only locks of a restored driver are in the table before the host has them: where a driver goes on in another
 * process of this host, the one that it leaves gives its locks up last.
 */
final class HostLocks implements FsLocks {
    private static final long LOOK_MILLIS = 10;
    private static final long IDLE_SECONDS = 5;
    /** How long who was saved may keep his locks before those of who is restored count as lost. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Whose locks of which file. */
    private record Owner(Object file, Kind kind, Object session, long number) {
        static Owner of(FsNode node, FsLock lock) {
            return new Owner(node.identity(), lock.kind(), lock.session(), lock.owner());
        }
    }

    /** An owner who has restored locks that the host did not give him yet, and who is to know if it goes on so. */
    private static final class Owed {
        final FsNode node;
        final FsLock lock;
        final long deadline;
        final List<Runnable> lost = new ArrayList<>();

        Owed(FsNode node, FsLock lock, long deadline) {
            this.node = node;
            this.lock = lock;
            this.deadline = deadline;
        }
    }

    /** Opens a file of the host for the locks of one owner. */
    interface Opener {
        LockFile open(HostNode node) throws FsException, LinuxException;
    }

    private final HostDirectory host;
    private final Opener opener;
    private final Duration patience;
    private final FsLockTable table = new FsLockTable();
    /** Of those who have locks now. */
    private final Map<Owner, LockFile> files = new HashMap<>();
    private final Map<Owner, Owed> owed = new HashMap<>();
    /** Whether the host will be asked for those. */
    private boolean asking;
    /** Those whom the table has told to try again, until no lock of this object is held. */
    private final List<Runnable> ready = new ArrayList<>();
    private final ScheduledThreadPoolExecutor looker;

    HostLocks(HostDirectory host) {
        this(host, node -> new LockFile(LockFile.openInHost(node)), PATIENCE);
    }

    HostLocks(HostDirectory host, Opener opener, Duration patience) {
        this.host = host;
        this.opener = opener;
        this.patience = patience;
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
                    Wait wait = table.setOrWait(node, file, lock, () -> later(again));
                    closeUnlessNeeded(Owner.of(node, lock), node, lock);
                    return wait;
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
            if (!done && !(keeps && (owed.containsKey(owner) || hasAgain(opened, node, lock)))) {
                table.release(node, file, lock.kind(), lock.session(), lock.owner());
            }
        }
        return done;
    }

    /** Locks in the host what the owner of a lock has in the table; false if he does not get some of it. */
    private boolean hasAgain(LockFile opened, FsNode node, FsLock owned) {
        boolean all = true;
        for (FsLock lock : table.owned(node, owned)) {
            try {
                all &= opened.tryLock(lock);
            } catch (IOException e) {
                all = false;
            }
        }
        return all;
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
        owed.remove(owner);
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
    public List<FsLock> held(FsNode node, FsFile file) {
        return table.held(node, file);
    }

    /** Other guests get no lock that this one had, whatever the host says; the host is asked until it gives it. */
    @Override
    public void restore(FsNode node, FsFile file, FsLock lock, Runnable lost) throws IOException {
        boolean free;
        try {
            synchronized (this) {
                free = table.conflict(node, file, lock) == null;
                if (free && !mirror(node, file, lock, true)) {
                    owe(node, file, lock, lost);
                }
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            runReady();
        }
        if (!free) {
            lost.run();
        }
    }

    private void owe(FsNode node, FsFile file, FsLock lock, Runnable lost) throws IOException {
        Owner owner = Owner.of(node, lock);
        open(owner, node);
        table.set(node, file, lock);
        askLater();
        owed.computeIfAbsent(owner, owing -> new Owed(node, lock, System.nanoTime() + patience.toNanos()))
                .lost.add(lost);
    }

    private void askLater() {
        if (!asking) {
            asking = true;
            looker.schedule(this::askAgain, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void askAgain() {
        List<Runnable> lost = new ArrayList<>();
        synchronized (this) {
            asking = false;
            for (Iterator<Entry<Owner, Owed>> all = owed.entrySet().iterator(); all.hasNext(); ) {
                Entry<Owner, Owed> next = all.next();
                Owed owing = next.getValue();
                LockFile opened = files.get(next.getKey());
                if (opened == null || hasAgain(opened, owing.node, owing.lock)) {
                    all.remove();
                } else if (System.nanoTime() - owing.deadline >= 0) {
                    lost.addAll(owing.lost);
                    owing.lost.clear();
                }
            }
            if (!owed.isEmpty()) {
                askLater();
            }
        }
        lost.forEach(Runnable::run);
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
