// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the driver has a number of, and how many use it. Whoever takes the count to nothing ends it; nobody can use it
 * any more then. Any thread, without a lock.
 */
abstract class Counted {

    private static final VarHandle USES;

    static {
        try {
            USES = MethodHandles.lookup().findVarHandle(Counted.class, "uses", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("FieldMayBeFinal") // through USES
    private volatile long uses = 1;

    /** The driver's number of it; set before anybody else sees it. */
    long id;

    /** Begins a use; false if it has ended. */
    final boolean acquire() {
        while (true) {
            long now = uses;
            if (now <= 0) {
                return false;
            }
            if (USES.compareAndSet(this, now, now + 1)) {
                return true;
            }
        }
    }

    /** Begins more uses, by somebody who has one. */
    final void acquire(long more) {
        USES.getAndAdd(this, more);
    }

    /** Ends uses. */
    final void release(long count) {
        if ((long) USES.getAndAdd(this, -count) == count) {
            end();
        }
    }

    final void release() {
        release(1);
    }

    /** The last use ended. */
    abstract void end();
}
