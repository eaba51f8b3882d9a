// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several threads give packets, while queues work on threads of their own and the driver changes its mind. */
@Timeout(60)
class ConcurrencyTest {

    private static final int THREADS = 3;
    private static final int PACKETS = 3000;

    private static Card card() {
        Runner runner = Runner.workerPerQueue(Thread.ofPlatform().daemon().factory());
        Card card = Card.unstarted(new Wire(), builder -> builder.queuePairs(2),
                builder -> builder.runner(runner));
        return card.begin(DriverOptions.split().queueSize(256));
    }

    /** Gives packets from several threads; counts releases by keeping the buffers. */
    private static List<ByteBuf> give(NetPort port, boolean patient, CountDownLatch done) {
        List<ByteBuf> all = new ArrayList<>();
        for (int i = 0; i < THREADS * PACKETS; i++) {
            all.add(Unpooled.copiedBuffer(Packets.udp4(Packets.GUEST, 60, 1000 + i % 50)));
        }
        for (int t = 0; t < THREADS; t++) {
            int from = t * PACKETS;
            Thread.ofPlatform().daemon().start(() -> {
                NetHeader header = new NetHeader();
                for (int i = from; i < from + PACKETS; i++) {
                    if (!patient) {
                        port.receive(NetPort.NO_PAIR, all.get(i), header);
                    } else {
                        while (!port.offer(NetPort.NO_PAIR, all.get(i), header)) {
                            Thread.yield();
                        }
                    }
                }
                done.countDown();
            });
        }
        return all;
    }

    private static void awaitReleased(List<ByteBuf> packets) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (packets.stream().anyMatch(packet -> packet.refCnt() != 0)) {
            assertTrue(System.nanoTime() < deadline, "a packet was not released");
            Thread.onSpinWait();
        }
    }

    @Test
    void every_packet_that_may_wait_is_received_once() throws InterruptedException {
        try (Card card = card()) {
            card.setPairs(2);
            CountDownLatch done = new CountDownLatch(THREADS);
            List<ByteBuf> packets = give(card.wire.port(), true, done);
            long received = 0;
            DriverQueue[] queues = {card.driver.queue(0), card.driver.queue(2)};
            while (received < (long) THREADS * PACKETS) {
                for (DriverQueue queue : queues) {
                    received += queue.collect();
                    while (queue.pending().size() < 100) {
                        queue.submit(new byte[0], 256);
                    }
                }
            }
            assertTrue(done.await(20, TimeUnit.SECONDS));
            awaitReleased(packets);
            assertEquals(THREADS * PACKETS, card.counter(NetCounter.RX_PACKETS));
            assertEquals(0, card.counter(NetCounter.RX_DROPS));
        }
    }

    @Test
    void queues_are_reset_and_pairs_changed_under_load() throws InterruptedException {
        try (Card card = card()) {
            CountDownLatch done = new CountDownLatch(THREADS);
            List<ByteBuf> packets = give(card.wire.port(), false, done);
            for (int round = 0; round < 40; round++) {
                assertEquals(Card.OK, card.setPairs(2));
                for (int pair = 0; pair < 2; pair++) {
                    DriverQueue queue = card.driver.queue(2 * pair);
                    queue.collect();
                    while (queue.pending().size() < 50) {
                        queue.submit(new byte[0], 256);
                    }
                }
                assertEquals(Card.OK, card.setPairs(1));
                // From now on the second queue is left alone.
                DriverQueue second = card.driver.queue(2);
                second.collect();
                List<Submitted> left = List.copyOf(second.pending());
                if (round % 4 == 0) {
                    card.driver.resetQueue(2);
                    card.driver.setUpQueue(2).mayKeepBuffers();
                } else {
                    Thread.yield();
                    second.collect();
                    assertTrue(left.stream().noneMatch(Submitted::isUsed), "used after the answer");
                }
            }
            assertTrue(done.await(20, TimeUnit.SECONDS));
            card.driver.reset();
            awaitReleased(packets);
        }
    }
}
