// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link System#nanoTime()}, and a daemon thread that rings alarms. */
final class SystemDeviceClock implements DeviceClock {

    static final SystemDeviceClock INSTANCE = new SystemDeviceClock();

    private static final Logger LOG = LoggerFactory.getLogger(DeviceClock.class);
    private static final long LONGEST_SLEEP = 1_000_000_000_000L;

    /** Alarms that were set and that the thread has not seen yet. */
    private final AtomicReference<@Nullable Alarm> incoming = new AtomicReference<>();

    /** Until when the thread sleeps, if nobody wakes it. */
    private volatile long wakeUp = Long.MIN_VALUE;

    private final Object starting = new Object();
    private volatile @Nullable Thread thread;

    private SystemDeviceClock() {}

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void set(Alarm alarm, long time) {
        alarm.time(time);
        if (alarm.listed.compareAndSet(false, true)) {
            Alarm top;
            do {
                top = incoming.get();
                alarm.next = top;
            } while (!incoming.compareAndSet(top, alarm));
        }
        Thread runs = thread;
        if (runs == null) {
            start();
        } else if (time - wakeUp < 0) {
            LockSupport.unpark(runs);
        }
    }

    private void start() {
        synchronized (starting) {
            if (thread == null) {
                thread = Thread.ofPlatform().daemon().name("virtio4j-clock").start(this::run);
            }
        }
    }

    private void run() {
        List<Alarm> waiting = new ArrayList<>();
        while (true) {
            long earliest = ringAndFindNext(waiting);
            // Whoever sets an earlier alarm from now on sees this, and wakes the thread.
            wakeUp = earliest;
            if (incoming.get() == null && earliestOf(waiting) - earliest >= 0) {
                LockSupport.parkNanos(this, Math.max(1, earliest - System.nanoTime()));
            }
            Thread.interrupted();
        }
    }

    private static long earliestOf(List<Alarm> waiting) {
        long earliest = System.nanoTime() + LONGEST_SLEEP;
        for (int i = 0; i < waiting.size(); i++) {
            long time = waiting.get(i).time();
            earliest = time - earliest < 0 ? time : earliest;
        }
        return earliest;
    }

    private long ringAndFindNext(List<Alarm> waiting) {
        for (Alarm alarm = incoming.getAndSet(null); alarm != null; ) {
            Alarm following = alarm.next;
            alarm.next = null;
            waiting.add(alarm);
            alarm = following;
        }
        for (int i = waiting.size() - 1; i >= 0; i--) {
            Alarm alarm = waiting.get(i);
            if (alarm.time() - System.nanoTime() <= 0) {
                waiting.set(i, waiting.getLast());
                waiting.removeLast();
                alarm.listed.set(false);
                ring(alarm);
            }
        }
        return earliestOf(waiting);
    }

    private static void ring(Alarm alarm) {
        try {
            alarm.ring();
        } catch (RuntimeException e) {
            LOG.error("alarm failed: alarm={}", alarm, e);
        }
    }
}
