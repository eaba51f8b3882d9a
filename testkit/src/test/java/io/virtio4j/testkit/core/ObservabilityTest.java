// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.NotificationSink;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Counters, flight recorder events, and what they cost. */
class ObservabilityTest {

    private static final List<String> EVENTS = List.of("io.virtio4j.Notify", "io.virtio4j.Drain",
            "io.virtio4j.Interrupt", "io.virtio4j.Status", "io.virtio4j.Fault");

    // ── Counters ───────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void counters_say_what_a_queue_did_and_are_kept_over_resets(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice();
        try (RawRig rig = new RawRig(device, format, 8, CoreFeature.EVENT_IDX)) {
            QueueCounters counters = rig.counters();
            assertEquals(0, counters.chains());

            rig.assertAlive();
            rig.use(RawRig.linked(out(rig.writable, 0, 8)), RawRig.last(in(rig.readable, 0, 8)));
            device.handler = chain -> {
                throw new IllegalStateException("expected by this test");
            };
            rig.use(in(rig.readable, 0, 5), out(rig.writable, 0, 7));
            rig.driver.errors().take();

            assertEquals(3, counters.chains());
            assertEquals(48 + 5, counters.bytesRead()); // of the refused one nothing past its fault
            assertEquals(48, counters.bytesWritten());
            assertEquals(3, counters.notifications());
            assertEquals(3, counters.interrupts());
            assertEquals(1, counters.chainFaults());
            assertEquals(1, counters.deviceFaults());
            assertEquals(0, counters.ringFaults());
            rig.driver.reset();
            assertEquals(3, rig.counters().chains());
        }
    }

    // ── Flight recorder ────────────────────────────────────────────────────

    private static void work(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().config(new ConfigSpace(4));
        try (RawRig rig = new RawRig(device, format, 8)) {
            rig.assertAlive();
            device.configSpace().update(config -> {});
            rig.queue.chain(new Raw(0, 16, RawQueue.INDIRECT | RawQueue.NEXT));
            rig.queue.availableIndex(format == RingFormat.SPLIT ? 1000 : 0);
            rig.run();
            assertTrue(rig.driver.needsReset());
            rig.driver.reset();
        }
    }

    private static List<RecordedEvent> record(Path file, RingFormat format, boolean enabled)
            throws IOException {
        try (Recording recording = new Recording()) {
            if (enabled) {
                EVENTS.forEach(event -> recording.enable(event).withoutThreshold());
            }
            recording.start();
            work(format);
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.virtio4j.")).toList();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void events_tell_of_notifications_drains_interrupts_status_and_faults(
            RingFormat format, @TempDir Path folder) throws IOException {
        List<RecordedEvent> events = record(folder.resolve("on.jfr"), format, true);

        for (String name : EVENTS) {
            assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().equals(name)),
                    name);
        }
        assertTrue(events.stream().filter(event -> event.hasField("device"))
                .allMatch(event -> event.getString("device").equals("scripted")));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Drain")
                && event.getString("queue").equals("echoq") && event.getLong("chains") == 1));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Status")
                && event.getString("status").contains("DRIVER_OK")));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Status")
                && event.getString("status").contains("DEVICE_NEEDS_RESET")));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Interrupt")
                && event.getInt("queue") == 0));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Interrupt")
                && event.getInt("queue") == -1));
        assertTrue(events.stream().anyMatch(event -> event.getEventType().getName().endsWith("Fault")
                && event.getString("what").contains("echoq")));
    }

    @Test
    void events_are_off_unless_asked_for(@TempDir Path folder) throws IOException {
        assertEquals(List.of(), record(folder.resolve("off.jfr"), RingFormat.SPLIT, false));
    }

    // ── The cost ───────────────────────────────────────────────────────────

    /** The driver's interrupt probe counts, which allocates. */
    private static final class SilentSink implements NotificationSink {

        @Override
        public void usedBuffers(int queue) {}

        @Override
        public void configurationChanged() {}
    }

    /** Notify, drain, use, interrupt: once compiled, nothing is allocated on the way. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_notification_and_what_follows_allocate_nothing(RingFormat format) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            chain.writer().writeLe32(chain.reader().readLe32());
            chain.complete();
        });
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.instance().attach(new SilentSink(), FeatureSet.NONE);
            driver.reset().negotiate(DriverOptions.of(format).without(CoreFeature.EVENT_IDX));
            RawQueue queue = RawQueue.enable(driver, 0, 64);
            driver.driverOk();
            long address = driver.ram().allocate(8).address();
            Raw[] chain = {
                new Raw(address, 4, RawQueue.NEXT), new Raw(address + 4, 4, RawQueue.WRITE)};
            long allocated = -1;
            for (int round = 0; round < 100 && allocated != 0; round++) {
                allocated = 0;
                for (int i = 0; i < 2_000; i++) {
                    queue.chain(chain);
                    long before = threads.getCurrentThreadAllocatedBytes();
                    driver.instance().notifyQueue(0);
                    driver.instance().poll(100);
                    allocated += threads.getCurrentThreadAllocatedBytes() - before;
                    queue.takeUsed();
                }
            }
            assertEquals(0, allocated);
            assertTrue(driver.instance().counters(0).interrupts() >= 2_000);
            driver.reset();
            queue.dispose();
        }
    }
}
