// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

/** Learns of changes. */
@FunctionalInterface
public interface LineWatcher {

    /**
     * A line changed. Called one at a time, in the order of changes, by the thread that made the change and
     * before the call that made it returns; everybody else who wants to change the board waits meanwhile. May
     * drive lines itself, which is told next. Must not wait for other threads that change the board.
     *
     * @param nanos when, by the board's clock
     */
    void changed(SimulatedLine line, LineState state, long nanos);
}
