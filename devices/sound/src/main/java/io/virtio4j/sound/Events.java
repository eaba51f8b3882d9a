// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.queue.ChainWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * What the driver has not been told yet. Each thing is remembered once, however often it happens: the driver's
 * buffers bound what is sent, and the number of things what is kept. Safe for use by any thread.
 */
final class Events {

    /** {@code struct virtio_snd_event}: {@code le32 code, le32 data}. */
    static final int SIZE = 8;

    private static final int CHANGED = 1;
    private static final int XRUN = 1;
    private static final int PERIOD = 2;

    private final List<Jack> jacks;
    private final CounterTable<SoundCounter> counters;
    private final int streams;
    /** A word for each jack, then each stream, then each control element: what is due of it. */
    private final AtomicIntegerArray due;
    private volatile boolean any;
    private volatile Runnable wake = () -> {};
    /** The last that was told of: the next one is looked for after it. */
    private int last;

    Events(List<Jack> jacks, int streams, int controls, CounterTable<SoundCounter> counters) {
        this.jacks = jacks;
        this.streams = streams;
        this.counters = counters;
        due = new AtomicIntegerArray(Math.max(1, jacks.size() + streams + controls));
    }

    void onDue(Runnable newWake) {
        wake = newWake;
    }

    void jackChanged(int jack) {
        add(jack, CHANGED);
    }

    void xrun(int stream) {
        add(jacks.size() + stream, XRUN);
    }

    void periodElapsed(int stream) {
        add(jacks.size() + stream, PERIOD);
    }

    /** Control element notification, with VIRTIO_SND_CTL_EVT_MASK_* as bits. */
    void controlChanged(int control, int mask) {
        add(jacks.size() + streams + control, mask);
    }

    private void add(int thing, int what) {
        int before = due.getAndAccumulate(thing, what, (mask, more) -> mask | more);
        if ((before & what) == what) {
            counters.count(SoundCounter.MERGED_EVENTS);
        }
        any = true;
        wake.run();
    }

    boolean isDue() {
        return any;
    }

    void forget() {
        for (int i = 0; i < due.length(); i++) {
            due.set(i, 0);
        }
        any = false;
    }

    /** Which things are due, to be saved. */
    int[] pending() {
        int[] pending = new int[due.length()];
        for (int i = 0; i < pending.length; i++) {
            pending[i] = due.get(i);
        }
        return pending;
    }

    /** As {@link #pending()} had it. */
    void restore(int[] pending) {
        for (int i = 0; i < pending.length; i++) {
            due.set(i, pending[i]);
            any |= pending[i] != 0;
        }
    }

    /** What of a thing can be due. */
    int valid(int thing) {
        int afterJacks = thing - jacks.size();
        return afterJacks < 0 ? CHANGED : afterJacks < streams ? XRUN | PERIOD
                : ControlElement.EVENT_VALUE | ControlElement.EVENT_INFO | ControlElement.EVENT_TLV;
    }

    /** Tells one event; false if there is none. By the event queue's owner. */
    boolean tell(ChainWriter out) {
        any = false;
        int count = due.length();
        for (int i = 1; i <= count; i++) {
            int thing = (last + i) % count;
            if (due.get(thing) != 0) {
                last = thing;
                any = true; // there may be more
                tell(thing, out);
                counters.count(SoundCounter.EVENTS);
                return true;
            }
        }
        return false;
    }

    private void tell(int thing, ChainWriter out) {
        int stream = thing - jacks.size();
        int control = stream - streams;
        if (stream < 0) {
            due.set(thing, 0);
            write(out, jacks.get(thing).isConnected()
                    ? SoundCode.EVT_JACK_CONNECTED : SoundCode.EVT_JACK_DISCONNECTED, thing);
        } else if (control < 0) {
            boolean xrun = (due.get(thing) & XRUN) != 0;
            due.getAndAccumulate(thing, xrun ? XRUN : PERIOD, (mask, told) -> mask & ~told);
            write(out, xrun ? SoundCode.EVT_PCM_XRUN : SoundCode.EVT_PCM_PERIOD_ELAPSED, stream);
        } else {
            // le16 control_id, le16 mask
            int mask = due.getAndSet(thing, 0);
            write(out, SoundCode.EVT_CTL_NOTIFY, control | mask << 16);
        }
    }

    private static void write(ChainWriter out, int code, int data) {
        out.writeLe32(code);
        out.writeLe32(data);
    }
}
