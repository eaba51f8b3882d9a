// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Deferred chains: how many there are, and which of them were completed by any thread and wait to be
 * collected. Allocates nothing, locks nothing.
 */
final class Completions {

    private static final VarHandle TOP;
    private static final VarHandle DEFERRED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TOP = lookup.findVarHandle(Completions.class, "top", DescriptorChain.class);
            DEFERRED = lookup.findVarHandle(Completions.class, "deferred", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable DescriptorChain top; // the latest first

    @SuppressWarnings("unused") // through DEFERRED
    private volatile int deferred;

    /** How many chains are deferred and not collected. */
    int deferred() {
        return deferred;
    }

    void defer() {
        DEFERRED.getAndAdd(this, 1);
    }

    /** A chain was collected, or dropped. */
    void settle() {
        DEFERRED.getAndAdd(this, -1);
    }

    void push(DescriptorChain chain) {
        DescriptorChain below;
        do {
            below = top;
            chain.next = below;
        } while (!TOP.compareAndSet(this, below, chain));
    }

    /** Takes all that were pushed, linked in the order in which they were. */
    @Nullable DescriptorChain takeAll() {
        if (top == null) {
            return null;
        }
        DescriptorChain chain = (DescriptorChain) TOP.getAndSet(this, null);
        DescriptorChain earliest = null;
        while (chain != null) {
            DescriptorChain below = chain.next;
            chain.next = earliest;
            earliest = chain;
            chain = below;
        }
        return earliest;
    }
}
