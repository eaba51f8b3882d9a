// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hostile cases of memory that moves under the device. */
class MovingMemoryHostileTest {

    private static final long SPARE = 0x4000_0000L;
    private static final int PAGE = 4096;
    private static final byte CANARY = 0x6B;

    private final MemoryRegion spare = MemoryRegion.allocate(SPARE, PAGE);

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-1")
    void a_request_in_flight_ends_in_the_memory_that_it_was_given(RingFormat format) throws Exception {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, format, 8)) {
            rig.driver.ram().memory().add(spare);
            int id = rig.queue.chain(in(rig.readable, 0, 48), new Raw(SPARE, 48, RawQueue.WRITE));
            rig.run();

            RegionRemoval removal = rig.driver.ram().memory().remove(spare);
            assertFalse(removal.await(0, TimeUnit.NANOSECONDS));
            device.finish(0);
            rig.run();

            assertTrue(removal.await(0, TimeUnit.NANOSECONDS));
            assertEquals(48, rig.takeOne(id).length());
            assertArrayEquals(rig.readable.bytes(), spare.segment().asSlice(0, 48).toArray(
                    JAVA_BYTE));
            // From now on it is no memory.
            device.handler = ScriptedDevice::echo;
            assertEquals(0,
                    rig.use(in(rig.readable, 0, 48), new Raw(SPARE, 48, RawQueue.WRITE)).length());
            rig.assertAlive();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-1")
    void memory_that_was_given_back_is_left_alone_under_load(RingFormat format) throws Exception {
        unmapUnderLoad(format, 300);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-1")
    void memory_that_was_given_back_is_left_alone_for_long(RingFormat format) throws Exception {
        unmapUnderLoad(format, 100_000);
    }

    /** Another thread takes a page away and brings it back while a worker writes to it. */
    private void unmapUnderLoad(RingFormat format, int cycles) throws Exception {
        ScriptedDevice device = new ScriptedDevice().queues(2, 16);
        TestDriver driver = TestDriver.attach(device, builder -> builder.runner(
                Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())));
        try (driver) {
            driver.start(DriverOptions.of(format));
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread owner = Thread.ofPlatform().start(() -> {
                try {
                    moveAwayAndBack(driver.ram(), cycles);
                } catch (InterruptedException | RuntimeException | Error e) {
                    failure.set(e);
                }
            });
            var source = driver.ram().allocate(64);
            source.fill((byte) 1);
            long served = 0;
            while (owner.isAlive()) {
                List<Submitted> all = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    all.add(driver.queue(0).add(
                            new Submitted.Descriptor(source.address(), 64, false),
                            new Submitted.Descriptor(SPARE + 64 * i, 64, true)));
                }
                driver.queue(0).publish();
                driver.queue(0).kick();
                driver.queue(1).exchange(new byte[32], 32).assertNothingBeyond();
                driver.queue(0).awaitAll();
                for (Submitted one : all) {
                    assertTrue(one.usedLength() == 64 || one.usedLength() == 0);
                    served += one.usedLength();
                }
            }
            owner.join();
            assertNull(failure.get());
            assertTrue(served > 0);
            assertEquals(0, driver.instance().counters(0).ringFaults());
        }
    }

    private void moveAwayAndBack(GuestRam ram, int cycles) throws InterruptedException {
        MemorySegment page = spare.segment();
        for (int i = 0; i < cycles; i++) {
            ram.memory().add(spare);
            Thread.yield();
            assertTrue(ram.memory().remove(spare).await(60, TimeUnit.SECONDS));
            page.fill(CANARY);
            Thread.yield();
            for (int at = 0; at < PAGE; at++) {
                assertEquals(CANARY, page.get(JAVA_BYTE, at));
            }
        }
    }

    /** The guest's bytes move to other host memory: same addresses, another table. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-2")
    void rings_are_followed_into_a_new_table(RingFormat format) {
        try (RawRig rig = new RawRig(format, 8)) {
            rig.assertAlive();
            MemoryRegion old = rig.driver.ram().regions().getFirst();
            MemoryRegion moved = MemoryRegion.allocate(old.guestAddress(), old.length());
            moved.segment().copyFrom(old.segment());

            RegionRemoval removal = rig.driver.ram().memory().replace(List.of(moved));

            assertTrue(removal.isQuiescent());
            byte[] abandoned = old.segment().toArray(JAVA_BYTE);
            rig.run(); // nothing is available: the wish for notifications goes to the new table
            assertArrayEquals(abandoned, old.segment().toArray(JAVA_BYTE));
            assertFalse(rig.driver.needsReset());

            // The driver goes on there; the test kit's view of its memory is the old one.
            old.segment().copyFrom(moved.segment());
            RegionRemoval back = rig.driver.ram().memory().replace(List.of(old));
            assertTrue(back.isQuiescent());
            moved.segment().fill(CANARY);
            rig.assertAlive();
            assertEquals(-1, moved.segment().mismatch(filled(moved.length())));
            moved.close();
        }
    }

    private static MemorySegment filled(long bytes) {
        byte[] all = new byte[(int) bytes];
        Arrays.fill(all, CANARY);
        return MemorySegment.ofArray(all);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-2")
    void a_ring_that_the_new_table_does_not_hold_needs_a_reset(RingFormat format) {
        for (int kept = 0; kept < 3; kept++) {
            try (RawRig rig = new RawRig(format, 8)) {
                rig.assertAlive();
                MemoryRegion all = rig.driver.ram().regions().getFirst();
                List<RawArea> areas = new ArrayList<>(List.of(
                        new RawArea(rig.queue.descriptors().address(), rig.queue.descriptors().length()),
                        new RawArea(rig.queue.driverArea().address(), rig.queue.driverArea().length()),
                        new RawArea(rig.queue.deviceArea().address(), rig.queue.deviceArea().length())));
                areas.remove(kept);

                rig.driver.ram().memory().replace(areas.stream()
                        .map(area -> MemoryRegion.of(area.address, all.segment().asSlice(
                                area.address - all.guestAddress(), area.length)))
                        .toList());
                byte[] before = all.segment().toArray(JAVA_BYTE);
                rig.run();

                assertTrue(rig.driver.needsReset());
                assertArrayEquals(before,
                        all.segment().toArray(JAVA_BYTE));
                rig.driver.ram().memory().replace(List.of(all));
                rig.driver.start().queue(0).exchange(new byte[8], 8);
            }
        }
    }

    private record RawArea(long address, long length) {}

    /** The host's read into a buffer blocks while its memory is taken away and closed. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-6")
    void memory_that_a_transfer_holds_is_closed_after_it_and_nobody_waits(RingFormat format)
            throws Exception {
        Pipe pipe = Pipe.open();
        List<Thread> readers = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            chain.defer();
            ChainWriter writer = chain.writer();
            writer.contiguous(16);
            ByteBuffer target = writer.segment().asSlice(writer.segmentOffset(), 16).asByteBuffer();
            readers.add(Thread.ofPlatform().start(() -> read(pipe, target, chain)));
        });
        try (RawRig rig = new RawRig(device, format, 8)) {
            rig.driver.ram().memory().add(spare);
            int id = rig.queue.chain(new Raw(SPARE, 16, RawQueue.WRITE));
            rig.run();
            device.handler = ScriptedDevice::echo;

            RegionRemoval removal = rig.driver.ram().memory().remove(spare);
            removal.whenQuiescent(spare::closeLater);
            int other = rig.queue.chain(in(rig.readable, 0, 48), out(rig.writable, 0, 48));
            rig.run();
            assertEquals(other, rig.takeOne(other).id()); // the device goes on
            assertTrue(spare.segment().scope().isAlive());

            pipe.sink().write(ByteBuffer.wrap(new byte[16]));
            readers.getFirst().join();
            rig.run();

            assertEquals(16, rig.takeOne(id).length());
            assertTrue(removal.isQuiescent());
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (spare.segment().scope().isAlive() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertFalse(spare.segment().scope().isAlive());
        }
        pipe.source().close();
        pipe.sink().close();
    }

    private static void read(Pipe pipe, ByteBuffer target, DescriptorChain chain) {
        try {
            while (target.hasRemaining()) {
                pipe.source().read(target);
            }
            chain.writer().advance(16);
            chain.complete();
        } catch (IOException e) {
            chain.complete(0);
        }
    }
}
