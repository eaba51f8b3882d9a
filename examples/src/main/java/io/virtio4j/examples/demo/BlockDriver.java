// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * A driver of block devices: requests in all queues, several in each, completed in any order. [Block
 * Device / Device Operation]
 */
final class BlockDriver {

    static final int SECTOR = 512;

    /** The most bytes that one request moves. */
    static final int MOST_BYTES = 64 << 10;

    /** The most requests in a queue; so many of the largest fit, however they are cut. */
    private static final int DEPTH = 8;

    static final int QUEUE_SIZE = 256;

    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int GET_ID = 8;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;

    private static final int ID_BYTES = 20;
    private static final int UNMAP = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<String> STATUS = List.of("OK", "IOERR", "UNSUPP");

    private record InFlight(Submitted submitted, String what, long bytes, Consumer<byte[]> done) {}

    private final TestDriver driver;
    private final RunLog log;
    private final List<DriverQueue> queues;
    private final List<Deque<InFlight>> inFlight = new ArrayList<>();
    private int next;

    /** Cuts requests differently in each queue. */
    BlockDriver(TestDriver driver, RunLog log, long seed) {
        this.driver = driver;
        this.log = log;
        queues = List.copyOf(driver.queues());
        List<Layout> layouts = List.of(Layout.AS_LINUX, Layout.INDIRECT, Layout.WHOLE, Layout.random(seed));
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).layout(layouts.get(i % layouts.size()));
            inFlight.add(new ArrayDeque<>());
        }
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /** The capacity, in sectors. [Device configuration layout] */
    long capacity() {
        return driver.port().readConfig(0, 4) | driver.port().readConfig(4, 4) << 32;
    }

    /** Writes whole sectors. */
    void write(long sector, byte[] data) {
        submit(request(OUT, sector, data.length).put(data), 0, "write", data.length, none -> {});
    }

    /** Reads whole sectors. */
    void read(long sector, int bytes, Consumer<byte[]> done) {
        submit(request(IN, sector, 0), bytes, "read", bytes, done);
    }

    /** Waits until all that was completed is durable. */
    void flush() {
        await();
        submit(request(FLUSH, 0, 0), 0, "flush", 0, none -> {});
        await();
    }

    /** The device's name for itself. */
    String id() {
        StringBuilder id = new StringBuilder();
        submit(request(GET_ID, 0, 0), ID_BYTES, "get id", ID_BYTES,
                bytes -> id.append(new String(bytes, StandardCharsets.US_ASCII).replace("\0", "")));
        await();
        return id.toString();
    }

    /** Lets the device forget sectors. */
    void discard(long sector, int count) {
        submit(range(DISCARD, sector, count, 0), 0, "discard", 0, none -> {});
    }

    /** Zeroes sectors without moving zeroes. */
    void writeZeroes(long sector, int count, boolean mayUnmap) {
        submit(range(WRITE_ZEROES, sector, count, mayUnmap ? UNMAP : 0), 0, "write zeroes", 0, none -> {});
    }

    private static ByteBuffer range(int type, long sector, int count, int flags) {
        return request(type, 0, 16).putLong(sector).putInt(count).putInt(flags);
    }

    private static ByteBuffer request(int type, long sector, int dataBytes) {
        ByteBuffer request = ByteBuffer.allocate(16 + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        return request.putInt(type).putInt(0).putLong(sector);
    }

    // ── Operation ──────────────────────────────────────────────────────────

    /** Takes the next queue, and waits as long as it is full. */
    private void submit(ByteBuffer readable, int writable, String what, long bytes, Consumer<byte[]> done) {
        int index = next;
        next = (next + 1) % queues.size();
        Deque<InFlight> waiting = inFlight.get(index);
        while (waiting.size() == DEPTH) {
            reap();
        }
        long sector = readable.getLong(8);
        Submitted submitted = queues.get(index).submit(readable.array(), writable + 1);
        waiting.add(new InFlight(submitted, what + " sector=" + sector + " bytes=" + bytes, bytes, done));
    }

    /** Waits until every request was completed. */
    void await() {
        while (inFlight.stream().anyMatch(waiting -> !waiting.isEmpty())) {
            reap();
        }
    }

    /** Takes what was completed; if nothing was, waits for the interrupt. */
    private void reap() {
        InterruptProbe interrupts = driver.port().interrupts();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            long seen = interrupts.total();
            if (collect() > 0) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("device is silent: requests="
                        + inFlight.stream().mapToInt(Deque::size).sum());
            }
            // A line that is still high interrupts again at once.
            if (!interrupts.isHigh()) {
                interrupts.await(seen, PATIENCE);
            }
        }
    }

    private int collect() {
        driver.port().takeNotifications();
        int count = 0;
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).collect();
            List<InFlight> completed = inFlight.get(i).stream()
                    .filter(one -> one.submitted.isUsed())
                    .toList();
            inFlight.get(i).removeAll(completed);
            completed.forEach(this::complete);
            count += completed.size();
        }
        return count;
    }

    private void complete(InFlight one) {
        byte[] writable = one.submitted.writable();
        int status = writable[writable.length - 1];
        log.operation(one.bytes);
        if (status != 0) {
            String name = status > 0 && status < STATUS.size() ? STATUS.get(status) : "0x" + status;
            log.error(one.what + " status=" + name);
        } else if (one.submitted.usedLength() != writable.length) {
            log.error(one.what + " used length=" + one.submitted.usedLength());
        } else {
            one.done.accept(Arrays.copyOf(writable, writable.length - 1));
        }
    }
}
