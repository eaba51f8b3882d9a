// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Transactions on an executor, which the test runs when it wants: a bus that is slow, hangs, or breaks. */
class SlowBusTest {

    private static final int TARGET = 0x21;
    private static final long SECOND = 1_000_000_000;

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());
    private final ManualClock clock = new ManualClock();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Throwable> faults = new ArrayList<>();

    private I2cDeviceBuilder device(I2cBus behind) {
        return I2cDevice.of(behind).executor(tasks::add).timeout(Duration.ofSeconds(1)).clock(clock)
                .onFault(faults::add);
    }

    private I2cRig start() {
        return I2cRig.of(device(bus).build());
    }

    @Test
    void a_request_is_answered_when_its_transaction_ends() {
        try (I2cRig rig = start()) {
            Sent first = rig.sendWrite(addr(TARGET), 0, 1);
            Sent second = rig.sendWrite(addr(TARGET), 0, 2);
            assertFalse(first.isUsed());
            assertEquals(1, tasks.size());
            tasks.remove().run();
            assertTrue(first.isUsed());
            assertFalse(second.isUsed());
            tasks.remove().run();

            assertEquals(OK, second.status());
            assertEquals("SW 01 P SW 02 P", target.seen());
        }
    }

    @Test
    @HostileCase("IC-4")
    void a_bus_that_hangs_fails_requests_in_time_and_is_used_again_when_it_comes_back() {
        try (I2cRig rig = start()) {
            Sent hanging = rig.addRead(addr(TARGET), FAIL_NEXT, 4);
            Sent rest = rig.addRead(addr(TARGET), 0, 4);
            rig.publish();
            rig.driver().runDevice();
            clock.advance(Duration.ofNanos(SECOND - 1));
            assertFalse(hanging.isUsed());
            clock.advance(Duration.ofNanos(1));
            assertEquals(ERR, hanging.status());
            assertEquals(ERR, rest.status());
            assertEquals(1, rig.count(I2cCounter.TIMEOUTS));

            assertEquals(ERR, rig.write(TARGET, 1));
            assertEquals(ERR, rig.sendRead(addr(TARGET), 0, 100).status());
            assertEquals(1, tasks.size());
            tasks.remove().run();
            Sent after = rig.sendWrite(addr(TARGET), 0, 2);
            rig.driver().runDevice();
            tasks.remove().run();

            assertEquals(OK, after.status());
            assertEquals("SR ? ? ? ? SR ? ? ? ? P SW 02 P", target.seen());
        }
    }

    /** What ends late must not write into buffers that the driver has again, nor into those of others. */
    @Test
    @HostileCase("IC-4")
    void what_ends_after_a_reset_is_waited_for_and_goes_nowhere() {
        try (I2cRig rig = start()) {
            rig.sendRead(addr(TARGET), 0, 8);
            rig.driver().runDevice();
            Runnable late = tasks.remove();
            rig.driver().resetQueue(0);
            rig.driver().setUpQueue(0);
            Sent write = rig.sendWrite(addr(TARGET), 0, 5);
            assertFalse(write.isUsed());
            assertEquals(0, tasks.size());
            late.run();
            assertFalse(write.isUsed());
            tasks.remove().run();

            assertEquals(OK, write.status());
            assertEquals("SR ? ? ? ? ? ? ? ? P SW 05 P", target.seen());
        }
    }

    @Test
    @HostileCase("IC-4")
    void a_bus_that_hangs_over_a_reset_fails_requests_in_time() {
        try (I2cRig rig = start()) {
            rig.sendRead(addr(TARGET), 0, 8);
            rig.driver().runDevice();
            rig.driver().resetQueue(0);
            rig.driver().setUpQueue(0);
            Sent write = rig.sendWrite(addr(TARGET), 0, 5);
            assertFalse(write.isUsed());
            clock.advance(Duration.ofNanos(SECOND));

            assertEquals(ERR, write.status());
        }
    }

    @Test
    void a_transaction_that_was_held_ends_with_a_reset_in_the_middle() {
        try (I2cRig rig = start()) {
            rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            rig.driver().runDevice();
            clock.advance(Duration.ofNanos(SECOND / 100));
            rig.driver().runDevice();
            rig.driver().resetQueue(0);
            tasks.remove().run();

            assertEquals("SW 01 P", target.seen());
        }
    }

    @Test
    void one_alarm_looks_after_all_transactions() {
        try (I2cRig rig = start()) {
            for (int i = 0; i < 50; i++) {
                Sent sent = rig.sendWrite(addr(TARGET), 0, i);
                rig.driver().runDevice();
                tasks.remove().run();
                assertEquals(OK, sent.status());
                assertTrue(clock.waiting() <= 1);
                clock.advance(Duration.ofNanos(SECOND / 10));
            }
            assertEquals(0, rig.count(I2cCounter.TIMEOUTS));
        }
    }

    @Test
    @HostileCase("IC-4")
    void what_a_bus_throws_is_told_and_fails_the_request_only() {
        List<Throwable> thrown = List.of(new IOException("gone"), new IllegalStateException("bug"),
                new StackOverflowError());
        for (Throwable each : thrown) {
            faults.clear();
            I2cBus broken = transaction -> {
                if (transaction.message(0).address() != TARGET) {
                    return bus.transfer(transaction);
                }
                switch (each) {
                    case IOException e -> throw e;
                    case RuntimeException e -> throw e;
                    default -> throw (Error) each;
                }
            };
            bus.detach(I2cAddress.of(0x22));
            bus.attach(0x22, new RecordingTarget());
            try (I2cRig rig = I2cRig.of(device(broken).executor(Runnable::run).build())) {
                assertEquals(ERR, rig.write(TARGET, 1));
                assertEquals(OK, rig.write(0x22, 1));
                assertEquals(1, rig.count(I2cCounter.BUS_ERRORS));
            }
            try (I2cRig rig = I2cRig.of(I2cDevice.of(broken).onFault(faults::add).build())) {
                assertEquals(ERR, rig.write(TARGET, 1));
                assertEquals(OK, rig.write(0x22, 1));
            }
            assertEquals(List.of(each, each), faults);
        }
    }

    @Test
    void an_executor_that_refuses_fails_the_request_only() {
        I2cDevice device = device(bus).executor(task -> {
            throw new RejectedExecutionException("closed");
        }).build();
        try (I2cRig rig = I2cRig.of(device)) {
            assertEquals(ERR, rig.write(TARGET, 1));
            assertEquals(ERR, rig.write(TARGET, 1));
            assertEquals(2, faults.size());
        }
    }

    @Test
    void a_listener_that_throws_keeps_nobody_from_an_answer() {
        I2cDevice device = I2cDevice.of(transaction -> {
            throw new IOException("gone");
        }).onFault(fault -> {
            throw new IllegalStateException("on purpose");
        }).build();
        try (I2cRig rig = I2cRig.of(device)) {
            assertEquals(ERR, rig.write(TARGET, 1));
        }
    }

    /** A bus that says more than it did. */
    @Test
    void a_failure_is_never_answered_ok() {
        I2cDevice device = new I2cDevice(transaction -> {
            for (int i = 0; i < transaction.size(); i++) {
                transaction.done();
            }
            return I2cOutcome.FAILED;
        });
        try (I2cRig rig = I2cRig.of(device)) {
            assertEquals(ERR, rig.write(TARGET, 1));
        }
    }
}
