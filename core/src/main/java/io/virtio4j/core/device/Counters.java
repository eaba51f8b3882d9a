// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.List;

/**
 * What a device has counted since it was made: resets of the device leave it. Read by any thread; what is read together
 * was not counted at one moment.
 *
 * @param <C> what the device counts
 */
public interface Counters<C extends Counter> {

    /** What is counted, in the order of the enum. */
    List<C> all();

    /** How often, or how much, it was counted so far, in all rows. */
    long get(C counter);

    /** The rows that there are: one, or one for each queue or pair of queues, as the device says. */
    int rows();

    /**
     * How often, or how much, it was counted so far in one row.
     *
     * @throws IndexOutOfBoundsException if there is no such row
     */
    long get(C counter, int row);

    /** Those of a device that counts nothing. */
    static Counters<Counter> none() {
        return NoCounters.NONE;
    }

    /** Takes a counter and its value. */
    @FunctionalInterface
    interface Visitor {

        /** Called for each counter. */
        void visit(Counter counter, long value);
    }

    /** Shows all counters in their order, such as to a system that watches devices of any type. */
    default void forEach(Visitor visitor) {
        for (C counter : all()) {
            visitor.visit(counter, get(counter));
        }
    }
}
