// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counters as a device keeps them, in one row or in a row for each queue. Counting allocates nothing.
 *
 * @param <C> what the device counts
 */
public final class CounterTable<C extends Enum<C> & Counter> implements Counters<C> {

    private final List<C> all;
    private final AtomicLongArray[] rows;

    private CounterTable(Class<C> counters, int rowCount) {
        all = List.of(counters.getEnumConstants());
        rows = new AtomicLongArray[rowCount];
        for (int i = 0; i < rowCount; i++) {
            rows[i] = new AtomicLongArray(all.size());
        }
    }

    /** Counters in one row. */
    public static <C extends Enum<C> & Counter> CounterTable<C> of(Class<C> counters) {
        return new CounterTable<>(counters, 1);
    }

    /** The same counters in each of several rows, such as a row for each queue. */
    public static <C extends Enum<C> & Counter> CounterTable<C> rows(int count, Class<C> counters) {
        return new CounterTable<>(counters, count);
    }

    // ── Reading ────────────────────────────────────────────────────────────

    @Override
    public List<C> all() {
        return all;
    }

    @Override
    public long get(C counter) {
        long sum = 0;
        for (AtomicLongArray row : rows) {
            sum += row.getOpaque(counter.ordinal());
        }
        return sum;
    }

    @Override
    public int rows() {
        return rows.length;
    }

    @Override
    public long get(C counter, int row) {
        return rows[row].getOpaque(counter.ordinal());
    }

    // ── Counting ───────────────────────────────────────────────────────────

    /** Counts one; any thread. In the first row, if there are several. */
    public void count(C counter) {
        count(counter, 1);
    }

    /** Counts several at once; any thread. In the first row, if there are several. */
    public void count(C counter, long amount) {
        count(0, counter, amount);
    }

    /** Counts in a row; any thread, as long as nobody {@linkplain #countAlone counts it alone} there. */
    public void count(int row, C counter, long amount) {
        rows[row].getAndAdd(counter.ordinal(), amount);
    }

    /** Counts what one thread at a time counts in a row, such as the queue's owner: that needs no atomic addition. */
    public void countAlone(int row, C counter, long amount) {
        AtomicLongArray values = rows[row];
        int at = counter.ordinal();
        values.setOpaque(at, values.getPlain(at) + amount);
    }

    /** Names and values, {@code NAME=value NAME=value}. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(" ");
        forEach((counter, value) -> text.add(counter.name() + '=' + value));
        return text.toString();
    }
}
