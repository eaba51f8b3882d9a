// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes flushes of all queues share forces, and remembers a failed one.
 *
 * <p>Whoever waits is served by a force that begins after it came: a force that runs already may have
 * passed the writes that are to be covered. Those who come meanwhile share the next one.
 *
 * <p>The host's kernel reports a failed write-back once and takes the pages for clean afterwards, so a
 * second force would succeed without the data. After a failure every later wait fails too, until {@link
 * #reopen}.
 */
final class ForceGate {

    /** Starts a force; tells the completion once, on any thread. */
    interface Force {
        void start(BlockCompletion done);
    }

    /** Waits for a force; linked by the gate. */
    abstract static class Waiter {
        private @Nullable Waiter next;

        /** The force is over, on any thread. */
        abstract void forced(@Nullable Throwable failure);
    }

    private final Force force;
    private final Consumer<Throwable> onFailure;

    private @Nullable Waiter waiting;
    private @Nullable Waiter running;
    private boolean active;
    private int epoch;
    private volatile @Nullable Throwable latched;

    ForceGate(Force force, Consumer<Throwable> onFailure) {
        this.force = force;
        this.onFailure = onFailure;
    }

    /** Whether a force failed. */
    boolean isLatched() {
        return latched != null;
    }

    /** Tells the waiter after a force that begins after this call. */
    void await(Waiter waiter) {
        Throwable failure;
        synchronized (this) {
            failure = latched;
            if (failure == null) {
                waiter.next = waiting;
                waiting = waiter;
                if (active) {
                    return;
                }
                active = true;
            }
        }
        if (failure != null) {
            waiter.forced(failure);
        } else {
            begin();
        }
    }

    /** The storage is another one: what failed before does not count. */
    synchronized void reopen() {
        latched = null;
        epoch++;
    }

    private void begin() {
        int startedIn;
        synchronized (this) {
            running = waiting;
            waiting = null;
            startedIn = epoch;
        }
        BlockCompletion done = new BlockCompletion() {
            @Override
            public void succeeded() {
                ended(null);
            }

            @Override
            public void failed(Throwable cause) {
                latch(cause, startedIn);
                ended(cause);
            }
        };
        try {
            force.start(done);
        } catch (RuntimeException | Error e) { // no thread could be had, for one
            done.failed(e);
        }
    }

    private void latch(Throwable cause, int startedIn) {
        synchronized (this) {
            if (startedIn != epoch || latched != null) {
                return;
            }
            latched = cause;
        }
        onFailure.accept(cause);
    }

    private void ended(@Nullable Throwable failure) {
        Waiter done;
        Waiter refused = null;
        boolean again;
        synchronized (this) {
            done = running;
            running = null;
            if (latched != null) {
                refused = waiting;
                waiting = null;
            }
            again = waiting != null;
            active = again;
        }
        if (again) {
            begin();
        }
        tell(done, failure);
        tell(refused, latched);
    }

    private static void tell(@Nullable Waiter first, @Nullable Throwable failure) {
        for (Waiter waiter = first; waiter != null; ) {
            Waiter following = waiter.next;
            waiter.next = null;
            waiter.forced(failure);
            waiter = following;
        }
    }
}
