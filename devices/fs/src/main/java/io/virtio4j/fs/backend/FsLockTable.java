// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Locks in this process. Several devices that serve one backend share a table to have their guests see each other's
 * locks. Safe for use by several threads.
 */
public final class FsLockTable implements FsLocks {

    /** Locks of one file are looked through one by one. */
    private static final int MOST_OF_A_FILE = 4096;

    /** More locks than this are refused with ENOLCK. */
    private final int limit;
    private final Map<Object, List<FsLock>> files = new HashMap<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private int count;

    /** Creates a table of at most 65,536 locks, and 4,096 of a file. */
    public FsLockTable() {
        this(1 << 16);
    }

    /**
     * Creates a table.
     *
     * @param limit the most locks, all files together; a file has 4,096 at most
     */
    public FsLockTable(int limit) {
        this.limit = limit;
    }

    /** Somebody who wants a lock. */
    private final class Waiter implements Wait {

        final Object file;
        final FsLock wanted;
        final Runnable again;

        Waiter(Object file, FsLock wanted, Runnable again) {
            this.file = file;
            this.wanted = wanted;
            this.again = again;
        }

        @Override
        public void cancel() {
            synchronized (FsLockTable.this) {
                waiters.remove(this);
            }
        }
    }

    /** How many locks there are. */
    public synchronized int size() {
        return count;
    }

    @Override
    public synchronized @Nullable FsLock conflict(FsNode node, FsFile file, FsLock wanted) {
        for (FsLock lock : files.getOrDefault(node.identity(), List.of())) {
            if (lock.conflictsWith(wanted)) {
                return lock;
            }
        }
        return null;
    }

    @Override
    public boolean set(FsNode node, FsFile file, FsLock lock) throws FsException {
        List<Waiter> ready;
        synchronized (this) {
            if (conflict(node, file, lock) != null) {
                return false;
            }
            replace(node.identity(), lock);
            ready = ready(node.identity());
        }
        ready.forEach(waiter -> waiter.again.run());
        return true;
    }

    @Override
    public @Nullable Wait setOrWait(FsNode node, FsFile file, FsLock lock, Runnable again) throws FsException {
        List<Waiter> ready;
        synchronized (this) {
            FsLock other = conflict(node, file, lock);
            if (other != null) {
                if (lock.kind() == Kind.POSIX && waitsFor(other, lock, new HashSet<>())) {
                    throw FsException.of(FsErrno.EDEADLK);
                }
                Waiter waiter = new Waiter(node.identity(), lock, again);
                waiters.add(waiter);
                return waiter;
            }
            replace(node.identity(), lock);
            ready = ready(node.identity());
        }
        ready.forEach(waiter -> waiter.again.run());
        return null;
    }

    /** Whether the owner of a lock waits for another owner, be it through others. */
    private boolean waitsFor(FsLock owner, FsLock other, Set<Waiter> seen) {
        for (Waiter waiter : waiters) {
            if (waiter.wanted.kind() == Kind.POSIX && waiter.wanted.isOwnedAs(owner) && seen.add(waiter)) {
                for (FsLock held : files.getOrDefault(waiter.file, List.of())) {
                    if (held.conflictsWith(waiter.wanted)
                            && (held.isOwnedAs(other) || waitsFor(held, other, seen))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Puts a lock where its owner had others. */
    private void replace(Object file, FsLock lock) throws FsException {
        List<FsLock> locks = files.getOrDefault(file, List.of());
        List<FsLock> changed = new ArrayList<>(locks.size() + 2);
        FsLock added = lock;
        for (FsLock old : locks) {
            if (old.kind() != lock.kind() || !old.isOwnedAs(lock)) {
                changed.add(old);
            } else if (old.type() == added.type() && touch(old, added)) {
                added = added.at(Math.min(old.start(), added.start()), Math.max(old.end(), added.end()));
            } else if (old.overlaps(lock)) {
                if (old.start() < lock.start()) {
                    changed.add(old.at(old.start(), lock.start() - 1));
                }
                if (old.end() > lock.end()) {
                    changed.add(old.at(lock.end() + 1, old.end()));
                }
            } else {
                changed.add(old);
            }
        }
        if (added.type() != Type.UNLOCK) {
            changed.add(added);
        }
        int more = changed.size() - locks.size();
        if (more > 0 && (count > limit - more || changed.size() > MOST_OF_A_FILE)) {
            throw FsException.of(FsErrno.ENOLCK);
        }
        count += more;
        if (changed.isEmpty()) {
            files.remove(file);
        } else {
            files.put(file, changed);
        }
    }

    private static boolean touch(FsLock one, FsLock other) {
        return one.overlaps(other) || one.end() == other.start() - 1 || other.end() == one.start() - 1;
    }

    /** Those who wait for a lock of a file, which may have become free. */
    private List<Waiter> ready(Object file) {
        if (waiters.isEmpty()) {
            return List.of();
        }
        List<Waiter> ready = new ArrayList<>();
        for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
            Waiter waiter = all.next();
            if (waiter.file.equals(file)) {
                all.remove();
                ready.add(waiter);
            }
        }
        return ready;
    }

    @Override
    public void release(FsNode node, FsFile file, Kind kind, Object session, long owner) throws FsException {
        set(node, file, new FsLock(kind, Type.UNLOCK, 0, Long.MAX_VALUE, session, owner, 0));
    }

    @Override
    public synchronized List<FsLock> held(FsNode node, Object session) {
        return files.getOrDefault(node.identity(), List.of()).stream().filter(lock -> lock.session() == session)
                .toList();
    }

    @Override
    public void releaseAll(Object session) {
        List<Waiter> ready = new ArrayList<>();
        synchronized (this) {
            waiters.removeIf(waiter -> waiter.wanted.session() == session);
            for (Object file : List.copyOf(files.keySet())) {
                List<FsLock> locks = new ArrayList<>(files.getOrDefault(file, List.of()));
                int before = locks.size();
                locks.removeIf(lock -> lock.session() == session);
                if (locks.size() < before) {
                    count -= before - locks.size();
                    if (locks.isEmpty()) {
                        files.remove(file);
                    } else {
                        files.put(file, locks);
                    }
                    ready.addAll(ready(file));
                }
            }
        }
        ready.forEach(waiter -> waiter.again.run());
    }
}
