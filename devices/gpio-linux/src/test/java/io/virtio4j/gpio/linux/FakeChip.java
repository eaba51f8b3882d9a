// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.GpioLine;
import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A controller that does what Linux does, as far as the backend can see: a line is had by one, edges are read. */
final class FakeChip implements HostChip {

    final Map<Integer, Line> held = new ConcurrentHashMap<>();
    final Map<Integer, Boolean> levels = new ConcurrentHashMap<>();
    volatile boolean closed;

    /** One line in use. */
    final class Line implements HostLine {

        private final int offset;
        private final EventFd ready;
        private final Queue<GpioLine.Edge> edges = new ConcurrentLinkedQueue<>();
        volatile long flags;
        volatile boolean gone;

        Line(int offset, long flags, boolean high) throws IOException {
            this.offset = offset;
            ready = EventFd.create();
            configure(flags, high);
        }

        @Override
        public void configure(long newFlags, boolean high) {
            flags = newFlags;
            if ((flags & GpioLine.OUTPUT) != 0) {
                levels.put(offset, high);
            }
        }

        @Override
        public boolean isHigh() throws IOException {
            requireThere();
            return levels.getOrDefault(offset, false);
        }

        @Override
        public void set(boolean high) throws IOException {
            requireThere();
            levels.put(offset, high);
        }

        @Override
        public FileDescriptor descriptor() {
            return ready.descriptor();
        }

        @Override
        public GpioLine.Edge readEdge() throws IOException {
            requireThere();
            ready.tryRead();
            GpioLine.Edge edge = edges.poll();
            return edge == null ? GpioLine.Edge.NONE : edge;
        }

        private void requireThere() throws IOException {
            if (gone) {
                throw new IOException("controller is gone, as the test wants");
            }
        }

        void edge(boolean high) throws IOException {
            boolean wanted = (flags & (high ? GpioLine.EDGE_RISING : GpioLine.EDGE_FALLING)) != 0;
            if (wanted) {
                edges.add(high ? GpioLine.Edge.RISING : GpioLine.Edge.FALLING);
                ready.signal();
            }
        }

        @Override
        public void close() {
            held.remove(offset);
            ready.close();
        }
    }

    /** The world changes a line's level. */
    void level(int offset, boolean high) throws IOException {
        levels.put(offset, high);
        Line line = held.get(offset);
        if (line != null) {
            line.edge(high);
        }
    }

    @Override
    public String name(int line) {
        return line == 0 ? "" : "host" + line;
    }

    @Override
    public HostLine request(int line, long flags, boolean high) throws IOException {
        if (held.containsKey(line)) {
            throw new IOException("line is in use: line=" + line);
        }
        Line requested = new Line(line, flags, high);
        held.put(line, requested);
        return requested;
    }

    @Override
    public void close() {
        closed = true;
    }
}
