// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** Which frame is due at which time. Loses nothing to rounding, however long it runs. */
final class Pacer {

    static final long SECOND = 1_000_000_000L;

    private int rate = 1;
    private long time;
    private long frame;

    /** From now on, so many frames a second follow. */
    void start(long now, int framesPerSecond, long atFrame) {
        rate = framesPerSecond;
        time = now;
        frame = atFrame;
    }

    /** How many frames have passed. */
    long due(long now) {
        long passed = Math.max(0, now - time);
        if (passed >= SECOND) {
            long seconds = passed / SECOND;
            time += seconds * SECOND;
            frame += seconds * rate;
            passed -= seconds * SECOND;
        }
        return frame + passed * rate / SECOND;
    }

    /** When so many frames will have passed. */
    long timeOf(long frames) {
        long ahead = frames - frame;
        return time + ahead / rate * SECOND + Math.ceilDiv(ahead % rate * SECOND, rate);
    }

    /** Some frames never happened. */
    void forget(long frames) {
        frame -= frames;
    }
}
