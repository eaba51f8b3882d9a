// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is still to be sent. Bounded: a driver that gives no buffers is owed at most {@value
 * #MOST_PROMISES} delayed responses, and loses notifications beyond {@value #MOST_NOTIFICATIONS}.
 */
final class EventBacklog {

    static final int MOST_PROMISES = 64;
    static final int MOST_NOTIFICATIONS = 64;

    /** A saved wait is not believed beyond an hour. */
    private static final long LONGEST_WAIT = 3_600_000_000_000L;

    /** A delayed response and when it is due. */
    record Promise(int header, byte[] payload, long dueNanos) {}

    private final PlatformClock clock;
    private final CounterTable<ScmiCounter> counters;
    private final Deque<ScmiEvent> waiting = new ArrayDeque<>();
    private final List<Promise> promises = new ArrayList<>();
    private int responsesWaiting;

    EventBacklog(PlatformClock clock, CounterTable<ScmiCounter> counters) {
        this.clock = clock;
        this.counters = counters;
    }

    synchronized void clear() {
        waiting.clear();
        promises.clear();
        responsesWaiting = 0;
    }

    // ── Delayed responses ──────────────────────────────────────────────────

    synchronized boolean mayPromise() {
        return promises.size() + responsesWaiting < MOST_PROMISES;
    }

    /** Keeps a promise, now or later; says in how many nanoseconds. */
    synchronized long promise(Promise promise) {
        long wait = promise.dueNanos - clock.nanoTime();
        if (wait > 0) {
            promises.add(promise);
        } else {
            append(promise);
        }
        return wait;
    }

    private void append(Promise promise) {
        waiting.add(new ScmiEvent(promise.header, promise.payload, ScmiPlatform.EVERY_ONE));
        responsesWaiting++;
    }

    /** Keeps what is due. */
    synchronized void due() {
        long now = clock.nanoTime();
        for (Promise promise : List.copyOf(promises)) {
            if (promise.dueNanos - now <= 0) {
                promises.remove(promise);
                append(promise);
            }
        }
    }

    /** In how many nanoseconds each promise is to be kept. */
    synchronized List<Long> waits() {
        long now = clock.nanoTime();
        return promises.stream().map(promise -> promise.dueNanos - now).toList();
    }

    // ── Events ─────────────────────────────────────────────────────────────

    /** Adds a notification; in the place of one that it replaces. */
    synchronized void add(ScmiEvent event) {
        counters.count(ScmiCounter.NOTIFICATIONS);
        // > If the device sends the notification later, the device MAY send the notification with updated
        // > data, unless the specific SCMI protocol disallows this. [eventq Operation]
        if (waiting.removeIf(before -> before.isReplacedBy(event))) {
            counters.count(ScmiCounter.NOTIFICATIONS_MERGED);
        } else if (waiting.size() - responsesWaiting >= MOST_NOTIFICATIONS) {
            // > If the device intends to send a notification and there are no available buffers in the
            // > eventq, the device MAY drop the notification
            counters.count(ScmiCounter.NOTIFICATIONS_DROPPED);
            return;
        }
        waiting.add(event);
    }

    synchronized boolean isEmpty() {
        return waiting.isEmpty();
    }

    synchronized @Nullable ScmiEvent take() {
        ScmiEvent event = waiting.poll();
        if (event != null && event.isDelayedResponse()) {
            responsesWaiting--;
        }
        return event;
    }

    synchronized void putBack(ScmiEvent event) {
        waiting.addFirst(event);
        if (event.isDelayedResponse()) {
            responsesWaiting++;
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    synchronized void save(StateWriter out) {
        out.u8(waiting.size());
        for (ScmiEvent event : waiting) {
            out.le32(event.header()).bytes(event.payload()).le32(event.source());
        }
        out.u8(promises.size());
        long now = clock.nanoTime();
        for (Promise promise : promises) {
            out.le32(promise.header).bytes(promise.payload).le64(Math.max(0, promise.dueNanos - now));
        }
    }

    /** Reads that; the result puts it into effect. */
    Runnable restore(StateReader in) {
        List<ScmiEvent> events = new ArrayList<>();
        for (int left = in.u8(); left > 0; left--) {
            int header = (int) in.le32();
            byte[] payload = in.bytes();
            events.add(checked(new ScmiEvent(header, payload, (int) in.le32())));
        }
        List<Promise> later = new ArrayList<>();
        long now = clock.nanoTime();
        for (int left = in.u8(); left > 0; left--) {
            int header = (int) in.le32();
            byte[] payload = in.bytes();
            checked(new ScmiEvent(header, payload, ScmiPlatform.EVERY_ONE));
            later.add(new Promise(header, payload, now + Math.clamp(in.le64(), 0, LONGEST_WAIT)));
        }
        int responses = (int) events.stream().filter(ScmiEvent::isDelayedResponse).count();
        if (responses + later.size() > MOST_PROMISES || events.size() - responses > MOST_NOTIFICATIONS) {
            throw new StateException("saved channel has more events than it may: waiting=" + events.size()
                    + " promised=" + later.size());
        }
        return () -> replace(events, later, responses);
    }

    private synchronized void replace(List<ScmiEvent> events, List<Promise> later, int responses) {
        waiting.clear();
        waiting.addAll(events);
        promises.clear();
        promises.addAll(later);
        responsesWaiting = responses;
    }

    private static ScmiEvent checked(ScmiEvent event) {
        int type = MessageHeader.type(event.header());
        boolean fits = event.length() <= MessageHeader.SIZE + 4 + ScmiPlatform.MOST_PAYLOAD
                && (type == MessageHeader.NOTIFICATION || type == MessageHeader.DELAYED_RESPONSE);
        if (!fits) {
            throw new StateException("saved event cannot be: header=0x" + Integer.toHexString(event.header())
                    + " length=" + event.length());
        }
        return event;
    }
}
