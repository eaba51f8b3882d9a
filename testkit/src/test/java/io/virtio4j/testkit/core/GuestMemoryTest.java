// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.WRITE;
import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.memory.AddressTranslator;
import io.virtio4j.core.memory.DirtyBitmap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where rings and buffers may lie, how addresses are translated, and who learns of writes. */
class GuestMemoryTest {

    private static final long GIB = 1L << 30;

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void rings_and_buffers_may_lie_beyond_4_gib(RingFormat format) {
        GuestRam ram = GuestRam.empty().add(5 * GIB, 6 * GIB).add(1L << 52, 1 << 20);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 8)) {
            assertTrue(rig.queue.descriptors().address() >= 5 * GIB);
            rig.assertAlive();
            for (long at : new long[] {8 * GIB - 24, 9 * GIB, 11 * GIB - 48, (1L << 52) + 7}) {
                GuestBuffer far = ram.view(at, 48);
                far.write(0, rig.readable.bytes());
                rig.assertServed(in(far, 0, 48), out(rig.writable, 0, 48));
                far.fill((byte) 0);
                assertEquals(48, rig.use(in(rig.readable, 0, 48), out(far, 0, 48)).length());
                assertArrayEquals(rig.readable.bytes(), far.bytes());
                far.fill((byte) 0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void memory_that_is_read_only_is_read_and_not_written(RingFormat format) {
        MemorySegment rom = Arena.ofAuto().allocate(64);
        try (RawRig rig = new RawRig(format, 8)) {
            MemorySegment.copy(MemorySegment.ofArray(rig.readable.bytes()), 0, rom, 0, 48);
            rig.driver.ram().memory().add(MemoryRegion.readOnly(16 * GIB, rom));

            rig.assertServed(new Raw(16 * GIB, 48, RawQueue.NEXT), out(rig.writable, 0, 48));

            byte[] before = rom.toArray(JAVA_BYTE);
            assertEquals(0, rig.use(in(rig.readable, 0, 48), new Raw(16 * GIB, 48, WRITE)).length());
            assertArrayEquals(before, rom.toArray(JAVA_BYTE));
            rig.assertAlive();
        }
    }

    /** A read-only ring area is enough where the device only reads. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_ring_area_that_the_device_writes_may_not_be_read_only(RingFormat format) {
        for (int readOnly = 0; readOnly < 3; readOnly++) {
            boolean written = readOnly == 2 || readOnly == 0 && format == RingFormat.PACKED;
            try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
                driver.reset().negotiate(DriverOptions.of(format));
                RawQueue queue = new RawQueue(driver.port(), driver.ram(), 0, 8, format);
                GuestBuffer[] areas = {queue.descriptors(), queue.driverArea(), queue.deviceArea()};
                long[] addresses = new long[3];
                for (int i = 0; i < 3; i++) {
                    addresses[i] = areas[i].address();
                }
                addresses[readOnly] = 16 * GIB;
                driver.ram().memory().add(
                        MemoryRegion.readOnly(16 * GIB, areas[readOnly].segment()));
                driver.port().queueSize(0, 8);
                driver.port().queueAddresses(0, addresses[0], addresses[1], addresses[2]);
                driver.port().enableQueue(0);
                driver.driverOk();
                driver.runDevice();

                assertEquals(written, driver.needsReset());
                driver.reset();
                queue.dispose();
            }
        }
    }

    // ── ACCESS_PLATFORM ────────────────────────────────────────────────────

    /** Bus pages of 4 KiB, back to front behind a base; the first is not granted. */
    private record Backwards(GuestRam ram, long base) implements AddressTranslator {

        private static final int PAGE = 4096;

        @Override
        public boolean translate(long address, long length, boolean write, Translation result) {
            MemoryRegion all = ram.regions().getFirst();
            long page = (address - base) / PAGE;
            if (address < base + PAGE || page >= all.length() / PAGE) {
                return false;
            }
            long within = (address - base) % PAGE;
            result.set(all.guestAddress() + all.length() - (page + 1) * PAGE + within, PAGE - within);
            return true;
        }

        /** The bus address of a byte. */
        long of(long physical) {
            MemoryRegion all = ram.regions().getFirst();
            long fromEnd = all.guestAddress() + all.length() - physical;
            long page = (fromEnd - 1) / PAGE;
            return base + page * PAGE + (PAGE - 1 - (fromEnd - 1) % PAGE);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void every_address_is_the_platform_s(RingFormat format) {
        GuestRam ram = GuestRam.allocate();
        Backwards platform = new Backwards(ram, 0x7000_0000_0000L);
        TestDriver driver = TestDriver.attach(new ScriptedDevice(), ram, builder -> {
            builder.offer(CoreFeature.ACCESS_PLATFORM);
            ram.memory().translator(platform);
        });
        try (driver) {
            driver.reset().negotiate(DriverOptions.of(format));
            RawQueue queue = new RawQueue(driver.port(), ram, 0, 8, format);
            driver.port().queueSize(0, 8);
            driver.port().queueAddresses(0, platform.of(queue.descriptors().address()),
                    platform.of(queue.driverArea().address()), platform.of(queue.deviceArea().address()));
            driver.port().enableQueue(0);
            driver.driverOk();
            GuestBuffer from = ram.allocate(700, Backwards.PAGE);
            GuestBuffer to = ram.allocate(700, Backwards.PAGE);
            GuestBuffer table = ram.allocate(2 * 16, Backwards.PAGE);
            // On the bus, the pages of a buffer follow each other downwards: a descriptor for each.
            for (int round = 0; round < 20; round++) {
                int length = Math.min(Backwards.PAGE, 10 + round * 13);
                from.write(0, new byte[] {(byte) round, 1, 2, 3});
                Raw read = new Raw(platform.of(from.address()), length, RawQueue.NEXT);
                Raw write = new Raw(platform.of(to.address()), length, WRITE);
                if (round % 2 == 0) {
                    queue.chain(read, write);
                } else {
                    queue.table(table, read, write);
                    queue.chain(new Raw(platform.of(table.address()), 32, RawQueue.INDIRECT));
                }
                queue.kick();
                driver.runDevice();
                assertEquals(length, queue.takeUsed().getFirst().length());
                assertEquals(round, to.get(0, 1));
            }
            // What is not granted is no memory, though it would be as a physical address.
            for (long denied : new long[] {from.address(), platform.base, platform.base + 4095}) {
                queue.chain(new Raw(denied, 8, RawQueue.NEXT), new Raw(platform.of(to.address()), 8, WRITE));
                queue.kick();
                driver.runDevice();
                assertEquals(0, queue.takeUsed().getFirst().length());
            }
            // Taken back: the rings are gone too.
            ram.memory().translator((address, length, write, result) -> false);
            queue.kick();
            driver.runDevice();
            assertTrue(driver.needsReset());
            driver.reset();
            ram.memory().translator(null);
            queue.dispose();
        }
    }

    /** One page for 4 GiB of bus addresses: the device keeps no list that long. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-6")
    void a_buffer_in_too_many_pieces_is_refused(RingFormat format) {
        GuestRam ram = GuestRam.allocate();
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 8)) {
            long page = ram.allocate(16).address();
            ram.memory().translator((address, length, write, result) -> {
                boolean repeated = address >>> 48 == 1;
                result.set(repeated ? page : address, repeated ? 16 : length);
                return true;
            });
            rig.assertAlive();
            rig.assertServed(in(rig.readable, 0, 48), out(rig.writable, 0, 48));

            rig.assertRefused(new Raw(1L << 48, 0xFFFF_FFFFL, 0));
            rig.assertRefused(new Raw(1L << 48, 0xFFFF_FFFFL, WRITE));
            ram.memory().translator(null);
        }
    }

    // ── Dirty log ──────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void every_page_that_the_device_changed_is_in_the_log(RingFormat format) {
        int page = 64;
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 64 << 10);
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice(), ram, builder -> {})) {
            driver.start(DriverOptions.of(format).layout(Layout.random(11)).queueSize(64));
            driver.runDevice();
            MemoryRegion all = driver.ram().regions().getFirst();
            DirtyBitmap log = new DirtyBitmap(driver.ram().regions(), page);
            driver.ram().memory().dirtyLog(log);
            DriverQueue queue = driver.queue(0);
            for (int round = 1; round < 100; round++) {
                Submitted submitted = queue.submit(filled(round * 7, round), round * 7);
                byte[] before = all.segment().toArray(JAVA_BYTE);
                driver.runDevice();
                Set<Long> dirty = new HashSet<>();
                log.harvest(dirty::add);
                MemorySegment changed = all.segment();
                long found = 0;
                for (int i = 0; i < before.length; i++) {
                    if (before[i] != changed.get(JAVA_BYTE, i)) {
                        found++;
                        long address = (all.guestAddress() + i) / page * page;
                        assertTrue(dirty.contains(address), "not logged: " + Long.toHexString(address));
                    }
                }
                assertTrue(found >= round * 7);
                assertTrue(dirty.size() <= round * 7 + 16, "logged too much: " + dirty.size());
                queue.await(submitted);
            }
        }
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) (value | 1));
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_log_that_begins_while_a_request_is_in_work_has_its_bytes(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, format, 8)) {
            rig.queue.chain(in(rig.readable, 0, 48), out(rig.writable, 0, 48));
            rig.run();
            DirtyBitmap log = new DirtyBitmap(List.copyOf(rig.driver.ram().regions()), 16);
            rig.driver.ram().memory().dirtyLog(log);

            device.finish(0);
            rig.run();

            Set<Long> dirty = new HashSet<>();
            log.harvest(dirty::add);
            for (int at = 0; at < 48; at += 16) {
                assertTrue(dirty.contains((rig.writable.address() + at) / 16 * 16));
            }
        }
    }
}
