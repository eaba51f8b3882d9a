// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Virtual CPUs, queue owners and the host at once. */
@Timeout(120)
class ConcurrencyTest {

    /** Starts threads together, and fails with what one of them threw. */
    private static void race(List<Runnable> bodies) throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new CopyOnWriteArrayList<>();
        for (Runnable body : bodies) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    go.await();
                    body.run();
                } catch (Throwable e) {
                    if (failure.compareAndSet(null, e)) {
                        threads.forEach(Thread::interrupt);
                    }
                }
            }));
        }
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a thread failed", failure.get());
        }
    }

    @Test
    void pin_never_ends_at_the_wrong_level() throws InterruptedException {
        for (int round = 0; round < 300; round++) {
            AtomicBoolean level = new AtomicBoolean();
            AtomicInteger inside = new AtomicInteger();
            IntxPin pin = new IntxPin(new PciInterrupts() {
                @Override
                public void message(int vector, long address, int data) {}

                @Override
                public void intx(boolean asserted) {
                    assertEquals(1, inside.incrementAndGet(), "one call at a time");
                    Thread.yield();
                    assertEquals(!asserted, level.getAndSet(asserted), "only changes");
                    inside.decrementAndGet();
                }
            });
            pin.enable(true);
            AtomicInteger reads = new AtomicInteger();
            race(List.of(
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            pin.isr().raise(IsrStatus.QUEUE_INTERRUPT);
                        }
                    },
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            reads.addAndGet((int) pin.isr().read(0, 1));
                        }
                    },
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            pin.enable(i % 2 == 1);
                        }
                    }));
            assertEquals(pin.isr().isSet(), level.get());
            pin.isr().read(0, 1);
            assertFalse(level.get());
        }
    }

    /** In each round one thread signals and another masks and unmasks, and then the message is there. */
    @Test
    void no_message_is_lost_on_the_way_to_the_pending_bits() throws InterruptedException {
        int rounds = 30_000;
        AtomicInteger sent = new AtomicInteger();
        MsixTable table = new MsixTable(1, new PciInterrupts() {
            @Override
            public void message(int vector, long address, int data) {
                sent.incrementAndGet();
            }

            @Override
            public void intx(boolean asserted) {}
        }, true);
        MsixTable.Table entries = table.new Table();
        table.open(true, true);
        AtomicInteger arrived = new AtomicInteger();
        race(List.of(
                () -> {
                    for (int round = 1; round <= rounds; round++) {
                        meet(arrived, 4 * round - 2);
                        table.signal(0);
                        meet(arrived, 4 * round);
                        assertEquals(round, sent.get());
                    }
                },
                () -> {
                    for (int round = 1; round <= rounds; round++) {
                        entries.write(12, 4, 1);
                        meet(arrived, 4 * round - 2);
                        for (int spin = round % 32; spin > 0; spin--) {
                            Thread.onSpinWait();
                        }
                        entries.write(12, 4, 0);
                        meet(arrived, 4 * round);
                    }
                }));
    }

    /** Waits for the other thread. */
    private static void meet(AtomicInteger arrived, int all) {
        arrived.incrementAndGet();
        for (int spin = 0; arrived.get() < all; spin++) {
            if (Thread.interrupted()) {
                throw new IllegalStateException("the other thread failed");
            }
            if (spin > 1000) {
                Thread.yield();
            }
        }
    }

    @Test
    void no_message_is_made_up_and_the_last_is_sent_while_masks_change() throws InterruptedException {
        int signals = 20_000;
        AtomicInteger sent = new AtomicInteger();
        AtomicInteger acknowledged = new AtomicInteger();
        AtomicInteger raised = new AtomicInteger();
        MsixTable table = new MsixTable(2, new PciInterrupts() {
            @Override
            public void message(int vector, long address, int data) {
                assertEquals(address, data, "address and data belong together");
                sent.incrementAndGet();
                acknowledged.set(raised.get());
            }

            @Override
            public void intx(boolean asserted) {}
        }, true);
        MsixTable.Table entries = table.new Table();
        table.open(true, true);
        entries.write(16 + 12, 4, 0);
        race(List.of(
                () -> {
                    for (int i = 0; i < signals; i++) {
                        raised.incrementAndGet();
                        table.signal(1);
                    }
                },
                () -> {
                    for (int i = 0; i < signals; i++) {
                        entries.write(16 + 12, 4, 1);
                        entries.write(16, 8, 4L * i);
                        entries.write(24, 8, 1L << 32 | 4L * i);
                        entries.write(16 + 12, 4, 0);
                    }
                },
                () -> {
                    for (int i = 0; i < signals; i++) {
                        table.open(true, i % 2 == 1);
                    }
                }));
        assertEquals(signals, acknowledged.get(), "the last event was told");
        assertTrue(sent.get() <= signals);
        assertEquals(0, table.new PendingBits().read(0, 8));
    }

    @Test
    void processors_may_do_what_they_like_at_once() throws InterruptedException {
        try (Machine machine = Machine.running()) {
            List<Runnable> bodies = new ArrayList<>();
            bodies.add(() -> {
                for (int i = 0; i < 300; i++) {
                    machine.command(i % 3 == 0 ? 0 : 6);
                    machine.config(0x20, 4, 0x1000_0000L * (i % 9));
                }
            });
            bodies.add(() -> {
                for (int i = 0; i < 300; i++) {
                    machine.status(i % 5 == 0 ? 0 : 0xF);
                    machine.common(i % 3, CommonField.QUEUE_ENABLE, 1);
                    machine.notifyQueue(i % 2);
                }
            });
            bodies.add(() -> {
                for (int i = 0; i < 300; i++) {
                    machine.loop.change(i);
                    machine.isr();
                    machine.msixControl(i % 2 << 15);
                }
            });
            bodies.add(() -> {
                for (int i = 0; i < 30; i++) {
                    machine.pci.reset();
                    machine.pci.save();
                }
            });
            race(bodies);

            machine.pci.reset();
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 1);
            assertEquals(machine.pci.isIntxAsserted(), machine.interrupts.probe.isHigh(0x1_0000));
        }
    }
}
