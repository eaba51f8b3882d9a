// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A page that a driver gives to one device, which takes it away, and to another, which writes to it. */
class TakenMemoryTest {

    private static final long ADDRESS = 0x4000_0000L;
    private static final int BYTES = 64;

    private final MemoryRegion page = MemoryRegion.allocate(ADDRESS, 4096);
    private final ParkingDevice writer = new ParkingDevice();
    private final GuestRam ram = GuestRam.allocate();

    /** As a balloon and hot-pluggable memory do it: out of the map, wait, discard, answer. */
    private final class Taker extends ScriptedDevice {

        boolean discarded;

        Taker(GuestMemory memory) {
            handler(chain -> take(memory, chain));
        }

        private void take(GuestMemory memory, DescriptorChain chain) {
            RegionRemoval removal = memory.remove(page);
            chain.defer();
            removal.whenQuiescent(() -> {
                page.segment().fill((byte) 0);
                discarded = true;
                chain.complete(0);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-5")
    void a_page_is_discarded_when_the_last_write_to_it_has_ended(RingFormat format) {
        try (TestDriver writing = TestDriver.attach(writer, ram, builder -> {}).start(DriverOptions.of(format))) {
            Taker taker = new Taker(ram.memory());
            try (TestDriver taking = TestDriver.attach(taker).start(DriverOptions.of(format))) {
                ram.memory().add(page);
                Submitted write = write(writing);
                Submitted take = taking.queue(0).submit(new byte[] {1}, 1);
                taking.runDevice();
                assertFalse(taker.discarded);

                writer.finish(0);
                assertEquals(BYTES, writing.queue(0).await(write).usedLength());
                taking.queue(0).await(take);

                assertTrue(taker.discarded);
                assertArrayEquals(new byte[BYTES], page.segment().asSlice(0, BYTES).toArray(JAVA_BYTE));
                // It is no memory any more: what is to be written there is nowhere, and the queue goes on.
                writer.handler(ScriptedDevice::echo);
                assertEquals(0, writing.queue(0).await(write(writing)).usedLength());
                writing.queue(0).exchange(new byte[] {2}, 1).assertNothingBeyond();
                assertArrayEquals(new byte[BYTES], page.segment().asSlice(0, BYTES).toArray(JAVA_BYTE));
            }
        } finally {
            page.close();
        }
    }

    private Submitted write(TestDriver writing) {
        GuestBuffer source = ram.allocate(BYTES);
        source.fill((byte) 0x6B);
        Submitted write = writing.queue(0).add(
                new Submitted.Descriptor(source.address(), BYTES, false),
                new Submitted.Descriptor(ADDRESS, BYTES, true));
        writing.queue(0).publish();
        writing.queue(0).kick();
        writing.runDevice();
        return write;
    }
}
