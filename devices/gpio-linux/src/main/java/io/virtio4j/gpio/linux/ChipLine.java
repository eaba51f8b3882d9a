// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import io.virtio4j.host.linux.GpioLine;
import io.virtio4j.host.linux.Poller;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One line of the host's controller: requested while the driver uses it, watched while it may interrupt. */
final class ChipLine {

    private static final long BOTH_EDGES = GpioLine.EDGE_RISING | GpioLine.EDGE_FALLING;

    /** Who learns of edges. */
    interface Listener {
        void changed(boolean high);
    }

    private final HostChip chip;
    private final int offset;
    private final Poller poller;
    private final Listener listener;

    private volatile @Nullable HostLine held;

    // Guarded by this object.
    private boolean output;
    private Poller.@Nullable Registration watched;

    ChipLine(HostChip chip, int offset, Poller poller, Listener listener) {
        this.chip = chip;
        this.offset = offset;
        this.poller = poller;
        this.listener = listener;
    }

    synchronized void input() throws IOException {
        if (held == null || output) {
            use(GpioLine.INPUT, false);
            output = false;
        }
    }

    synchronized void output(boolean high) throws IOException {
        HostLine line = held;
        if (line != null && output) {
            line.set(high);
        } else {
            use(GpioLine.OUTPUT, high);
            output = true;
        }
    }

    private HostLine use(long flags, boolean high) throws IOException {
        HostLine line = held;
        if (line == null) {
            line = chip.request(offset, flags, high);
            held = line;
        } else {
            line.configure(flags, high);
        }
        return line;
    }

    boolean isHigh() throws IOException {
        HostLine line = held;
        if (line == null) {
            throw new IOException("line is not in use: offset=" + offset + " chip=" + chip);
        }
        return line.isHigh();
    }

    /** A level is watched by both edges: where it ends does not matter, but costs nothing. */
    synchronized void watch(boolean on) throws IOException {
        HostLine line = held;
        if (on && watched == null) {
            HostLine used = use(GpioLine.INPUT | BOTH_EDGES, false);
            output = false;
            watched = poller.register(used.descriptor(), Poller.READ, events -> readEdges(used));
        } else if (!on && watched != null) {
            unregister();
            if (line != null) {
                line.configure(GpioLine.INPUT, false);
            }
        }
    }

    private void readEdges(HostLine line) {
        try {
            for (GpioLine.Edge edge = line.readEdge(); edge != GpioLine.Edge.NONE; edge = line.readEdge()) {
                listener.changed(edge == GpioLine.Edge.RISING);
            }
        } catch (IOException gone) {
            // Given back meanwhile; or the controller went, and nothing will come from it.
            synchronized (this) {
                if (held == line) {
                    unregister();
                }
            }
        }
    }

    private void unregister() {
        Poller.Registration registration = watched;
        watched = null;
        if (registration != null) {
            registration.close();
        }
    }

    synchronized void release() {
        unregister();
        HostLine line = held;
        held = null;
        output = false;
        if (line != null) {
            line.close();
        }
    }
}
