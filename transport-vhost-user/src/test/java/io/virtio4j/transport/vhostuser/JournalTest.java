// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What another process finds in the region, whenever this one ends. [Inflight I/O tracking] */
class JournalTest {

    private static final int ENTRIES = TestDevice.SIZE + 3;
    private static final int FORGERIES = 5000;
    private static final List<Layout> LAYOUTS = Layout.all();

    private static InflightRegion.Part part(RingFormat format) {
        long bytes = format == RingFormat.SPLIT ? SplitJournal.bytes(ENTRIES) : PackedJournal.bytes(ENTRIES);
        return new InflightRegion.Part(Arena.ofAuto().allocate(bytes, 8), ENTRIES);
    }

    private static InflightRegion.Part copyOf(InflightRegion.Part part) {
        MemorySegment copy = Arena.ofAuto().allocate(part.segment().byteSize(), 8);
        return new InflightRegion.Part(copy.copyFrom(part.segment()), part.count());
    }

    /** Ends the process before and after every step, and looks what the next one would do. */
    private static final class Watched implements ChainJournal {

        private final RingFormat format;
        private final InflightRegion.Part part;
        private final DeviceInstance instance;
        private final ChainJournal journal;
        private final List<Integer> inWork = new ArrayList<>();
        private final List<Integer> using = new ArrayList<>();
        private final Map<Integer, Integer> ids = new HashMap<>();
        private int steps;

        Watched(RingFormat format, DeviceInstance instance, QueueState.Position begin) throws Refusal {
            this.format = format;
            this.instance = instance;
            part = part(format);
            journal = open(part, begin);
        }

        private ChainJournal open(InflightRegion.Part from, QueueState.Position begin) throws Refusal {
            return format == RingFormat.SPLIT
                    ? new SplitJournal(from, TestDevice.SIZE, word(config().deviceArea() + 2))
                    : new PackedJournal(from, TestDevice.SIZE, begin, flags());
        }

        private IntUnaryOperator flags() {
            return slot -> word(config().descriptorArea() + 16L * slot + 14);
        }

        private QueueConfig config() {
            return instance.queueConfig(TestDevice.SLOW);
        }

        private int word(long address) {
            byte[] bytes = new byte[2];
            instance.memory().read(address, MemorySegment.ofArray(bytes));
            return (bytes[0] & 0xFF) | (bytes[1] & 0xFF) << 8;
        }

        private void look(String when) {
            steps++;
            try {
                ChainJournal next = open(copyOf(part), QueueState.initial(format).position());
                assertEquals(inWork, next.inFlight().stream().map(InFlight::id).toList(), when);
            } catch (Refusal e) {
                throw new AssertionError(when + ": " + e.getMessage());
            }
        }

        @Override
        public void descriptor(long address, long length, int id, int flags) {
            journal.descriptor(address, length, id, flags);
            look("in the middle of a chain");
        }

        @Override
        public int taken(int id) {
            look("before a chain is taken");
            int entry = journal.taken(id);
            inWork.add(id);
            ids.put(entry, id);
            look("after a chain was taken");
            return entry;
        }

        @Override
        public void putBack(int entry) {
            inWork.remove(ids.get(entry));
            journal.putBack(entry);
            look("after a chain was put back");
        }

        @Override
        public void using(int entry) {
            journal.using(entry);
            using.add(ids.get(entry));
            look("before a used chain is visible");
        }

        @Override
        public void publishing(int usedIndex, boolean usedWrap) {
            journal.publishing(usedIndex, usedWrap);
            look("right before used chains are visible");
        }

        @Override
        public void published() {
            using.forEach(inWork::remove);
            using.clear();
            look("right after used chains became visible");
            journal.published();
            look("when used chains are settled");
        }

        @Override
        public List<InFlight> inFlight() {
            return journal.inFlight();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void at_every_step_exactly_the_chains_in_work_are_found(RingFormat format) throws Refusal {
        long seed = 0x5EED_17L;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        TestDevice device = new TestDevice();
        try (TestDriver driver = TestDriver.attach(device, builder -> builder.resetGrace(Duration.ZERO))) {
            driver.start(DriverOptions.of(format));
            DeviceInstance instance = driver.instance();
            QueueState state = instance.stopQueue(TestDevice.SLOW, Duration.ZERO);
            Watched watched = new Watched(format, instance, state.position());
            assertTrue(instance.startQueue(TestDevice.SLOW, config -> { }, state, watched));

            for (int round = 0; round < 400; round++) {
                driver.queue(TestDevice.SLOW).layout(LAYOUTS.get(random.nextInt(LAYOUTS.size())));
                for (int more = random.nextInt(3); more > 0 && driver.queue(TestDevice.SLOW).free() > 6; more--) {
                    driver.queue(TestDevice.SLOW).submit(new byte[] {(byte) round, 1, 2}, 1);
                }
                driver.runDevice();
                for (int ends = random.nextInt(4); ends > 0 && !device.kept.isEmpty(); ends--) {
                    device.finish(random.nextInt(device.kept.size()));
                }
                driver.runDevice();
                driver.queue(TestDevice.SLOW).collect();
            }

            device.finishAll();
            driver.queue(TestDevice.SLOW).awaitAll();
            assertTrue(watched.steps > 1500, () -> "steps=" + watched.steps);
            assertEquals(List.of(), watched.inWork);
        }
    }

    @Test
    void the_first_version_of_each_region_is_what_the_protocol_says() throws Refusal {
        InflightRegion.Part split = part(RingFormat.SPLIT);
        new SplitJournal(split, TestDevice.SIZE, 7);
        assertEquals(1, split.segment().get(JAVA_BYTE, 8));
        assertEquals(ENTRIES, split.segment().get(JAVA_BYTE, 10));
        assertEquals(7, split.segment().get(JAVA_BYTE, 14));

        InflightRegion.Part packed = part(RingFormat.PACKED);
        new PackedJournal(packed, TestDevice.SIZE, new QueueState.Position(3, true, 3, true), slot -> 0);
        assertEquals(1, packed.segment().get(JAVA_BYTE, 8));
        assertEquals(ENTRIES, packed.segment().get(JAVA_BYTE, 10));
        assertEquals(3, packed.segment().get(JAVA_BYTE, 16));
        assertEquals(3, packed.segment().get(JAVA_BYTE, 18));
        assertEquals(1, packed.segment().get(JAVA_BYTE, 20));
        assertEquals(1, packed.segment().get(JAVA_BYTE, 21));
        assertEquals(1, packed.segment().get(JAVA_BYTE, 32 + 2));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("VU-5")
    void a_forged_region_is_refused_or_says_something_that_can_be(RingFormat format) throws Refusal {
        long seed = 0xF0_4_6EDL;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int forgery = 0; forgery < FORGERIES; forgery++) {
            InflightRegion.Part part = part(format);
            fill(format, part);
            byte[] noise = new byte[1 + random.nextInt(8)];
            for (int places = 1 + random.nextInt(4); places > 0; places--) {
                random.nextBytes(noise);
                long at = random.nextInt((int) part.segment().byteSize() - noise.length);
                MemorySegment.copy(noise, 0, part.segment(), JAVA_BYTE, random.nextBoolean() ? at : at % 32,
                        noise.length);
            }
            try {
                check(format, part, random);
            } catch (Refusal e) {
                refused++;
            }
        }
        assertTrue(refused > FORGERIES / 20, "refused=" + refused);
        HostileCases.count("VU-5", FORGERIES - 1);
    }

    /** Some chains in work. */
    private static void fill(RingFormat format, InflightRegion.Part part) throws Refusal {
        ChainJournal journal = format == RingFormat.SPLIT
                ? new SplitJournal(part, TestDevice.SIZE, 0)
                : new PackedJournal(part, TestDevice.SIZE, QueueState.initial(format).position(), slot -> 0);
        for (int chain = 0; chain < 4; chain++) {
            for (int i = 0; i <= chain && format == RingFormat.PACKED; i++) {
                journal.descriptor(0x1000 * i, 16, chain, i < chain ? 1 : 0);
            }
            journal.taken(chain);
        }
    }

    private static void check(RingFormat format, InflightRegion.Part part, Random random) throws Refusal {
        Set<Integer> entries = new HashSet<>();
        int slots = 0;
        if (format == RingFormat.SPLIT) {
            for (ChainJournal.InFlight chain : new SplitJournal(part, TestDevice.SIZE, 0).inFlight()) {
                assertTrue(chain.id() < TestDevice.SIZE && entries.add(chain.entry()));
            }
        } else {
            int flags = random.nextInt();
            PackedJournal journal = new PackedJournal(part, TestDevice.SIZE,
                    QueueState.initial(format).position(), slot -> flags);
            for (ChainJournal.InFlight chain : journal.inFlight()) {
                assertTrue(entries.add(chain.entry()) && !chain.descriptors().isEmpty());
                slots += chain.descriptors().size();
            }
            assertTrue(slots <= TestDevice.SIZE);
            assertTrue(journal.position().availableIndex() < TestDevice.SIZE
                    && journal.position().usedIndex() < TestDevice.SIZE);
        }
    }
}
