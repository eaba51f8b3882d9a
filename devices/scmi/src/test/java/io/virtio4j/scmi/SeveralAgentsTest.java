// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.PowerDomain;
import io.virtio4j.scmi.platform.Sensor;
import io.virtio4j.scmi.platform.SensorType;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiResource;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guests that share a board, each with a device and an agent of its own. */
@Timeout(60)
class SeveralAgentsTest {

    private static final int POWER = 0x11;
    private static final int CLOCK = 0x14;
    private static final int SENSOR = 0x15;
    private static final int ROOM = 136;
    private static final int EVENT_BUFFERS = 8;

    private final AtomicLong temperature = new AtomicLong();
    private final PowerDomain gpu = PowerDomain.of("gpu");
    private final Clock uart = Clock.range("uart", 1, 1_000, 1).latency(Duration.ofNanos(1));
    private final Sensor soc = Sensor.of("soc", SensorType.CELSIUS, temperature::get);
    private final ScmiPlatform platform = new SimulatedPlatform()
            .trustedAgent("linux").agent("modem")
            .device(1, new ScmiResource(CLOCK, 0))
            .add(gpu).add(uart).add(soc).build();

    @AfterEach
    void close() {
        platform.close();
    }

    /** A guest: a device for an agent, and a driver. */
    private final class Guest implements AutoCloseable {

        private final TestDriver driver;
        private final Deque<Submitted> posted = new ArrayDeque<>();

        Guest(int agent, Runner runner) {
            driver = TestDriver.attach(new ScmiDevice(platform, agent), builder -> builder.runner(runner)).start();
            driver.queue(1).mayKeepBuffers();
            for (int i = 0; i < EVENT_BUFFERS; i++) {
                post();
            }
        }

        private void post() {
            posted.add(driver.queue(1).submit(new byte[0], ROOM));
        }

        Message send(int protocol, int message, long... words) {
            return Message.parse(driver.queue(0).exchange(
                    Message.of(Message.command(protocol, message, 1), words), ROOM).written());
        }

        /** Whether an event is there now. */
        boolean hasEvent() {
            DriverQueue queue = driver.queue(1);
            driver.runDevice();
            queue.collect();
            return posted.getFirst().isUsed();
        }

        Message event() {
            driver.waitFor("an event", this::hasEvent);
            post();
            return Message.parse(posted.removeFirst().written());
        }

        @Override
        public void close() {
            driver.close();
        }
    }

    @Test
    void a_guest_is_told_what_another_one_does() {
        try (Guest linux = new Guest(1, Runner.manual()); Guest modem = new Guest(2, Runner.manual())) {
            modem.send(CLOCK, 0x9, 0, 1);
            linux.send(CLOCK, 0x5, 0, 0, 500, 0);
            Message event = modem.event();
            assertEquals(1, event.status(), "who did it");
            assertEquals(500, event.doubleWord(4));
            assertFalse(linux.hasEvent());
        }
    }

    @Test
    void a_guest_that_is_gone_leaves_the_others_as_they_were() {
        try (Guest linux = new Guest(1, Runner.manual())) {
            linux.send(CLOCK, 0x9, 0, 1);
            try (Guest modem = new Guest(2, Runner.manual())) {
                modem.send(CLOCK, 0x9, 0, 1);
                modem.send(CLOCK, 0x5, 0, 0, 400, 0);
                assertEquals(400, linux.event().doubleWord(4));
            }
            assertEquals(400, uart.rate());
            linux.send(CLOCK, 0x5, 0, 0, 300, 0);
            assertEquals(300, linux.event().doubleWord(4));
        }
    }

    @Test
    void a_trusted_guest_keeps_another_one_from_a_clock() {
        try (Guest linux = new Guest(1, Runner.manual()); Guest modem = new Guest(2, Runner.manual())) {
            modem.send(CLOCK, 0x9, 0, 1);
            assertEquals(0, linux.send(0x10, 0x9, 2, 1, 0).status());
            assertEquals(ScmiStatus.DENIED.code(), modem.send(CLOCK, 0x5, 0, 0, 7, 0).status());
            assertEquals(0, modem.send(CLOCK, 0xF, 0).word(0), "no control");
            linux.send(CLOCK, 0x5, 0, 0, 300, 0);
            assertFalse(modem.hasEvent(), "what is denied is not told");
        }
    }

    @Test
    void guests_and_java_use_a_board_at_once() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        Thread weather = Thread.ofPlatform().daemon().start(() -> {
            for (long i = 0; !stop.get(); i++) {
                temperature.set(i % 2 * 100);
                soc.sample();
                gpu.isOn();
            }
        });
        Runner runner = Runner.workerPerQueue(Thread.ofPlatform().daemon().factory());
        try (Guest linux = new Guest(1, runner); Guest modem = new Guest(2, runner)) {
            for (Guest guest : new Guest[] {linux, modem}) {
                guest.send(SENSOR, 0x5, 0, 3, 50, 0);
                guest.send(SENSOR, 0x4, 0, 1);
            }
            for (int i = 1; i <= 300; i++) {
                Guest guest = i % 2 == 0 ? linux : modem;
                assertEquals(0, guest.send(CLOCK, 0x5, 1, 0, i, 0).status());
                assertEquals(i, uart.rate());
                assertEquals(0, guest.send(POWER, 0x4, 0, 0, PowerDomain.OFF).status());
                // Among the events of the sensor, the response that was promised.
                Message event = guest.event();
                while ((event.header() >> 8 & 3) != 2) {
                    event = guest.event();
                }
                assertEquals(i, event.doubleWord(4));
                if (i % 50 == 0) {
                    guest.driver.resetQueue(1);
                    guest.posted.clear();
                    guest.driver.setUpQueue(1).mayKeepBuffers();
                    for (int buffer = 0; buffer < EVENT_BUFFERS; buffer++) {
                        guest.post();
                    }
                }
            }
            assertFalse(gpu.isOn());
        } finally {
            stop.set(true);
            weather.join();
        }
        assertTrue(uart.rate() == 300);
    }
}
