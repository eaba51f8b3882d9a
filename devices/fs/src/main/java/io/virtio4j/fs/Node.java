// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A file that the driver has a number of. It is used by each lookup that the driver has not taken back, by each open
 * file and by each request that works with it.
 */
final class Node extends Counted {

    private static final VarHandle LOOKUPS;

    static {
        try {
            LOOKUPS = MethodHandles.lookup().findVarHandle(Node.class, "lookups", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A name that leads to it. */
    record Place(Node parent, FsName name) {}

    private final NodeTable table;
    final FsNode file;
    final Object identity;
    /** The type bits of its mode: they never change. */
    final int type;
    /** Where it was seen last; {@code null} for the root and what has no name any more. */
    volatile @Nullable Place place;

    /** How many lookups the driver has not taken back. */
    @SuppressWarnings("FieldMayBeFinal") // through LOOKUPS
    private volatile long lookups;

    Node(NodeTable table, FsNode file, int mode) {
        this.table = table;
        this.file = file;
        this.identity = file.identity();
        this.type = mode & FsMode.TYPE;
    }

    boolean isDirectory() {
        return type == FsMode.DIRECTORY;
    }

    boolean isRegular() {
        return type == FsMode.REGULAR;
    }

    long lookups() {
        return lookups;
    }

    /** The driver learns of it once more: makes a use that was begun the lookup's. */
    void lookedUp() {
        LOOKUPS.getAndAdd(this, 1L);
    }

    /** The driver knows of it that often: makes a use that was begun the first of these. */
    void lookedUp(long times) {
        acquire(times - 1);
        LOOKUPS.getAndAdd(this, times);
    }

    /** The driver takes lookups back; no more of them count than there are. */
    void forget(long count) {
        while (true) {
            long now = lookups;
            long taken = Long.compareUnsigned(count, now) < 0 ? count : now;
            if (taken == 0) {
                return;
            }
            if (LOOKUPS.compareAndSet(this, now, now - taken)) {
                release(taken);
                return;
            }
        }
    }

    @Override
    void end() {
        table.ended(this);
    }
}
