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
import java.util.function.Predicate;
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
    private final Map<Object, List<Kept>> files = new HashMap<>();
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

    /** A lock, and the open file that it was set through and ends with. */
    private record Kept(FsLock lock, FsFile through) {

        Kept at(long start, long end) {
            return new Kept(lock.at(start, end), through);
        }

        boolean isOwnedAs(FsLock other) {
            return lock.kind() == other.kind() && lock.isOwnedAs(other);
        }
    }

    /** Somebody who wants a lock. */
    private final class Waiter implements Wait {

        final Object file;
        final FsFile through;
        final FsLock wanted;
        final Runnable again;

        Waiter(Object file, FsFile through, FsLock wanted, Runnable again) {
            this.file = file;
            this.through = through;
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
        for (Kept kept : files.getOrDefault(node.identity(), List.of())) {
            if (kept.lock.conflictsWith(wanted)) {
                return kept.lock;
            }
        }
        return null;
    }

    /**
     * Whether a lock could be set, changed or taken away without ENOLCK, for who has something else to do first. That
     * there is room says nothing of other locks, which may be in the way.
     */
    public synchronized boolean hasRoomFor(FsNode node, FsFile file, FsLock lock) {
        List<Kept> all = files.getOrDefault(node.identity(), List.of());
        return hasRoomFor(all, replaced(all, new Kept(lock, file)));
    }

    @Override
    public boolean set(FsNode node, FsFile file, FsLock lock) throws FsException {
        List<Waiter> ready;
        synchronized (this) {
            if (conflict(node, file, lock) != null) {
                return false;
            }
            replace(node.identity(), new Kept(lock, file));
            ready = ready(node.identity());
        }
        ready.forEach(waiter -> waiter.again.run());
        return true;
    }

    @Override
    public @Nullable Wait setOrWait(FsNode node, FsFile file, FsLock lock, Runnable again) throws FsException {
        List<Waiter> ready;
        Waiter waiting;
        synchronized (this) {
            FsLock other = conflict(node, file, lock);
            if (other != null) {
                if (lock.kind() == Kind.POSIX && waitsFor(other, lock, new HashSet<>())) {
                    throw FsException.of(FsErrno.EDEADLK);
                }
                waiting = new Waiter(node.identity(), file, lock, again);
                ready = givenUpToWait(node.identity(), lock);
                waiters.add(waiting);
            } else {
                waiting = null;
                replace(node.identity(), new Kept(lock, file));
                ready = ready(node.identity());
            }
        }
        ready.forEach(waiter -> waiter.again.run());
        return waiting;
    }

    /**
     * As flock(2): who waits to change a lock has none meanwhile. Or two who share one, and want it for themselves,
     * would wait for each other.
     */
    private List<Waiter> givenUpToWait(Object file, FsLock wanted) {
        return wanted.kind() == Kind.FLOCK && remove(file, kept -> kept.isOwnedAs(wanted)) ? ready(file) : List.of();
    }

    /** Whether the owner of a lock waits for another owner, be it through others. */
    private boolean waitsFor(FsLock owner, FsLock other, Set<Waiter> seen) {
        for (Waiter waiter : waiters) {
            if (waiter.wanted.kind() == Kind.POSIX && waiter.wanted.isOwnedAs(owner) && seen.add(waiter)) {
                for (Kept held : files.getOrDefault(waiter.file, List.of())) {
                    if (held.lock.conflictsWith(waiter.wanted)
                            && (held.lock.isOwnedAs(other) || waitsFor(held.lock, other, seen))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Puts a lock where its owner had others. */
    private void replace(Object file, Kept fresh) throws FsException {
        List<Kept> all = files.getOrDefault(file, List.of());
        List<Kept> changed = replaced(all, fresh);
        if (!hasRoomFor(all, changed)) {
            throw FsException.of(FsErrno.ENOLCK);
        }
        put(file, all, changed);
    }

    private boolean hasRoomFor(List<Kept> before, List<Kept> after) {
        int more = after.size() - before.size();
        return more <= 0 || count <= limit - more && after.size() <= MOST_OF_A_FILE;
    }

    /** With a lock where its owner had others. Those that were set through different open files stay apart. */
    private static List<Kept> replaced(List<Kept> all, Kept fresh) {
        List<Kept> changed = new ArrayList<>(all.size() + 2);
        FsLock lock = fresh.lock;
        Kept added = fresh;
        for (Kept old : all) {
            FsLock before = old.lock;
            if (!old.isOwnedAs(lock)) {
                changed.add(old);
            } else if (before.type() == lock.type() && old.through == fresh.through && touch(before, added.lock)) {
                added = added.at(Math.min(before.start(), added.lock.start()),
                        Math.max(before.end(), added.lock.end()));
            } else if (before.overlaps(lock)) {
                if (before.start() < lock.start()) {
                    changed.add(old.at(before.start(), lock.start() - 1));
                }
                if (before.end() > lock.end()) {
                    changed.add(old.at(lock.end() + 1, before.end()));
                }
            } else {
                changed.add(old);
            }
        }
        if (lock.type() != Type.UNLOCK) {
            changed.add(added);
        }
        return changed;
    }

    private void put(Object file, List<Kept> before, List<Kept> after) {
        count += after.size() - before.size();
        if (after.isEmpty()) {
            files.remove(file);
        } else {
            files.put(file, after);
        }
    }

    private static boolean touch(FsLock one, FsLock other) {
        return one.overlaps(other) || one.end() == other.start() - 1 || other.end() == one.start() - 1;
    }

    /** Those who wait for a lock of a file, which may have become free. */
    private List<Waiter> ready(Object file) {
        return ready(waiter -> waiter.file.equals(file));
    }

    private List<Waiter> ready(Predicate<Waiter> which) {
        if (waiters.isEmpty()) {
            return List.of();
        }
        List<Waiter> ready = new ArrayList<>();
        for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
            Waiter waiter = all.next();
            if (which.test(waiter)) {
                all.remove();
                ready.add(waiter);
            }
        }
        return ready;
    }

    /** Takes locks of a file away; whether there were such. */
    private boolean remove(Object file, Predicate<Kept> which) {
        List<Kept> all = files.getOrDefault(file, List.of());
        List<Kept> left = new ArrayList<>(all);
        if (!left.removeIf(which)) {
            return false;
        }
        put(file, all, left);
        return true;
    }

    @Override
    public void release(FsNode node, FsFile file, Kind kind, Object session, long owner) throws FsException {
        set(node, file, new FsLock(kind, Type.UNLOCK, 0, Long.MAX_VALUE, session, owner, 0));
    }

    @Override
    public void closed(FsNode node, FsFile file) {
        List<Waiter> ready;
        synchronized (this) {
            Object key = node.identity();
            boolean some = remove(key, kept -> kept.through == file);
            ready = ready(waiter -> waiter.through == file || some && waiter.file.equals(key));
        }
        ready.forEach(waiter -> waiter.again.run());
    }

    @Override
    public synchronized List<FsLock> held(FsNode node, FsFile file) {
        return files.getOrDefault(node.identity(), List.of()).stream().filter(kept -> kept.through == file)
                .map(Kept::lock).toList();
    }

    /** The locks of a file that the owner of a lock has of its kind. */
    public synchronized List<FsLock> owned(FsNode node, FsLock lock) {
        return files.getOrDefault(node.identity(), List.of()).stream().filter(kept -> kept.isOwnedAs(lock))
                .map(Kept::lock).toList();
    }

    @Override
    public void releaseAll(Object session) {
        List<Waiter> ready = new ArrayList<>();
        synchronized (this) {
            waiters.removeIf(waiter -> waiter.wanted.session() == session);
            for (Object file : List.copyOf(files.keySet())) {
                if (remove(file, kept -> kept.lock.session() == session)) {
                    ready.addAll(ready(file));
                }
            }
        }
        ready.forEach(waiter -> waiter.again.run());
    }
}
