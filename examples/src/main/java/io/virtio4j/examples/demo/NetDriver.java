// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.net.NetFeature;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A driver of network devices: packets in all queue pairs. [Network Device / Device Operation] */
final class NetDriver {

    /** Bytes of a receive buffer. */
    private static final int BUFFER = 2048;
    private static final int BUFFERS = 100;
    private static final int NEEDS_CSUM = 1;
    private static final int MOST_IN_TRANSMIT_QUEUE = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A packet, and whether its checksum is complete. */
    record Packet(byte[] bytes, boolean checksummed, int gsoType) {}

    private final TestDriver driver;
    private final RunLog log;
    private final int pairs;
    private final int headerSize;
    private final List<Deque<Submitted>> posted = new ArrayList<>();
    private final Deque<Packet> received = new ArrayDeque<>();

    NetDriver(TestDriver driver, RunLog log, int pairs) {
        this.driver = driver;
        this.log = log;
        this.pairs = pairs;
        this.headerSize = headerSize(driver.negotiated());
        for (int pair = 0; pair < pairs; pair++) {
            driver.queue(2 * pair).mayKeepBuffers();
            posted.add(new ArrayDeque<>());
            for (int i = 0; i < BUFFERS; i++) {
                post(pair);
            }
        }
    }

    private static int headerSize(FeatureSet features) {
        if (features.has(NetFeature.OUT_NET_HEADER)) {
            return 32;
        }
        if (features.has(NetFeature.HOST_UDP_TUNNEL_GSO) || features.has(NetFeature.GUEST_UDP_TUNNEL_GSO)) {
            return 24;
        }
        return features.has(NetFeature.HASH_REPORT) ? 20 : 12;
    }

    boolean has(NetFeature feature) {
        return driver.negotiated().has(feature);
    }

    /** The address. [Device configuration layout] */
    byte[] mac() {
        byte[] mac = new byte[6];
        for (int i = 0; i < mac.length; i++) {
            mac[i] = (byte) driver.port().readConfig(i, 1);
        }
        return mac;
    }

    /** Uses all pairs. [Automatic receive steering in multiqueue mode] */
    void usePairs() {
        byte[] command = {4, 0, (byte) pairs, 0};
        Submitted done = driver.queue(2 * pairs).exchange(command, 1);
        if (done.writable()[0] != 0) {
            log.error("VQ_PAIRS_SET was refused");
        }
        log.operation(0);
    }

    // ── Transmit ───────────────────────────────────────────────────────────

    /**
     * Sends a packet.
     *
     * @param gsoType 0 if it goes as it is
     * @param partialAt where the TCP header with a partial checksum is, or 0
     */
    void send(int pair, byte[] packet, int gsoType, int gsoSize, int partialAt) {
        ByteBuffer buffer =
                ByteBuffer.allocate(headerSize + packet.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put((byte) (partialAt != 0 ? NEEDS_CSUM : 0)).put((byte) gsoType)
                .putShort((short) (gsoType != 0 ? partialAt + 20 : 0)).putShort((short) gsoSize)
                .putShort((short) partialAt).putShort((short) (partialAt != 0 ? 16 : 0));
        buffer.put(headerSize, packet);
        DriverQueue queue = driver.queue(2 * pair + 1);
        awaitUntil(() -> {
            queue.collect();
            return queue.pending().size() < MOST_IN_TRANSMIT_QUEUE;
        });
        queue.submit(buffer.array(), 0);
        log.operation(packet.length);
    }

    /** Waits until the device has used all that was sent. */
    void finish() {
        awaitUntil(() -> {
            boolean used = true;
            for (int pair = 0; pair < pairs; pair++) {
                driver.queue(2 * pair + 1).collect();
                used &= driver.queue(2 * pair + 1).pending().isEmpty();
            }
            return used;
        });
    }

    // ── Receive ────────────────────────────────────────────────────────────

    private void post(int pair) {
        posted.get(pair).add(driver.queue(2 * pair).submit(new byte[0], BUFFER));
    }

    /** The next packet, from whichever pair. */
    Packet receive() {
        awaitUntil(() -> {
            for (int pair = 0; pair < pairs; pair++) {
                collect(pair);
            }
            return !received.isEmpty();
        });
        return received.remove();
    }

    private void collect(int pair) {
        driver.queue(2 * pair).collect();
        Deque<Submitted> buffers = posted.get(pair);
        while (!buffers.isEmpty() && buffers.peek().isUsed()) {
            byte[] first = take(pair);
            ByteBuffer header = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN);
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            packet.write(first, headerSize, first.length - headerSize);
            for (int more = header.getShort(10) - 1; more > 0; more--) {
                packet.writeBytes(take(pair));
            }
            received.add(new Packet(packet.toByteArray(), (header.get(0) & NEEDS_CSUM) == 0, header.get(1)));
            log.operation(packet.size());
        }
    }

    private byte[] take(int pair) {
        byte[] bytes = posted.get(pair).remove().written();
        post(pair);
        return bytes;
    }

    private interface Condition {
        boolean holds();
    }

    private void awaitUntil(Condition condition) {
        InterruptProbe interrupts = driver.port().interrupts();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            long seen = interrupts.total();
            driver.port().takeNotifications();
            if (condition.holds()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("device is silent");
            }
            // A line that is still high interrupts again at once.
            if (!interrupts.isHigh()) {
                interrupts.await(seen, PATIENCE);
            }
        }
    }
}
