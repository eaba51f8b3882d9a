// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

/**
 * The one interrupt signal of a device on MMIO: how the embedder's interrupt controller wants to hear of
 * it. [Notifications From The Device]
 *
 * <p>Called by any thread: that of a queue, that of a virtual CPU which accesses registers, that of a
 * backend which changes the configuration. A call must not block, must not throw, and must not access the
 * registers.
 */
public sealed interface MmioInterrupt {

    /**
     * A line that is asserted as long as InterruptStatus is not zero: for interrupt controllers with
     * level-triggered inputs. Called when the line changes, one call at a time. If two threads change
     * InterruptStatus at the same time, one of them makes the calls for both.
     *
     * @param line takes the state of the line; deasserted at first
     */
    record Level(Line line) implements MmioInterrupt {}

    /**
     * A pulse for each event: for edge-triggered inputs, message-signalled interrupts and irqfds. There is
     * another one when the driver acknowledges some events and leaves others.
     *
     * @param pulse raises the interrupt once
     */
    record Edge(Runnable pulse) implements MmioInterrupt {}

    /** A level-triggered line. */
    static MmioInterrupt level(Line line) {
        return new Level(line);
    }

    /** An edge-triggered line. */
    static MmioInterrupt edge(Runnable pulse) {
        return new Edge(pulse);
    }

    /** The device's end of a level-triggered interrupt line. */
    @FunctionalInterface
    interface Line {

        /** Asserts the line, or deasserts it. */
        void set(boolean asserted);
    }
}
