// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Seal;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** [VFIO_USER_DMA_MAP], [VFIO_USER_DMA_UNMAP] */
class DmaTest {

    private static final int PAGE = SharedFile.PAGE;
    private static final int READ = 1;
    private static final int BOTH = 3;
    private static final long FAR = 0x40_0000_0000L;

    private static List<Long> addresses(Served served) {
        return served.function.memory.current().regions().stream().map(MemoryRegion::guestAddress).toList();
    }

    // ── Map ────────────────────────────────────────────────────────────────

    @Test
    void memory_that_comes_with_a_descriptor_is_shared() {
        try (SharedFile file = SharedFile.sealed(4L * PAGE);
                Served served = new Served(); Client client = served.negotiated()) {
            client.map(BOTH, PAGE, FAR, 2L * PAGE, file.descriptor());
            file.segment().set(JAVA_INT, PAGE + 8, 42);

            MemorySegment read = Arena.ofAuto().allocate(4, 4);
            served.function.memory.read(FAR + 8, read);
            assertEquals(42, read.get(JAVA_INT, 0));
            read.set(JAVA_INT, 0, 43);
            served.function.memory.write(FAR + 2L * PAGE - 4, read);
            assertEquals(43, file.segment().get(JAVA_INT, 3L * PAGE - 4));
            assertThrows(IndexOutOfBoundsException.class, () -> served.function.memory.read(FAR + 2L * PAGE, read));
        }
    }

    @Test
    void memory_that_is_only_readable_is_not_written() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(READ, 0, FAR, PAGE, file.descriptor());

            MemoryRegion region = served.function.memory.current().regions().getFirst();
            assertTrue(region.isReadOnly());
        }
    }

    /** As QEMU sends BARs of other devices, and memory that it does not share. */
    @Test
    void memory_without_a_descriptor_is_known_and_not_reached() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE);
            assertEquals(List.of(), addresses(served));

            client.refused(Wire.EEXIST, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE));
            client.unmap(FAR, PAGE);
            client.map(BOTH, 0, FAR, PAGE);
        }
    }

    @Test
    void the_whole_address_space_can_be_used() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, 0, PAGE, file.descriptor());
            client.map(BOTH, 0, -PAGE, PAGE, file.descriptor());
            client.map(BOTH, 0, Long.MAX_VALUE - PAGE + 1, PAGE, file.descriptor());
            client.map(BOTH, 0, Long.MIN_VALUE, PAGE, file.descriptor());

            assertEquals(4, addresses(served).size());
            client.unmap(-PAGE, PAGE);
            client.unmap(0, PAGE);
            assertEquals(2, addresses(served).size());
        }
    }

    @Test
    @HostileCase("VF-3")
    void maps_that_cannot_be_are_refused() {
        long[][] bad = { // flags, offset, address, size
            {0, 0, FAR, PAGE}, {2 | 4, 0, FAR, PAGE}, {8, 0, FAR, PAGE}, {0xFFFF_FFFFL, 0, FAR, PAGE},
            {BOTH, 0, FAR, 0}, {BOTH, 0, FAR, -1}, {BOTH, 0, FAR, -PAGE}, {BOTH, 0, FAR, Long.MIN_VALUE},
            {BOTH, 0, FAR, 1}, {BOTH, 0, FAR, PAGE - 1}, {BOTH, 0, FAR, PAGE + 1}, {BOTH, 0, FAR + 1, PAGE},
            {BOTH, 0, FAR + PAGE / 2, PAGE}, {BOTH, 1, FAR, PAGE}, {BOTH, PAGE - 1, FAR, PAGE},
            {BOTH, 0, -PAGE, 2L * PAGE}, {BOTH, 0, -2L * PAGE, 4L * PAGE},
            {BOTH, 0, Long.MIN_VALUE, Long.MIN_VALUE}, {BOTH, -PAGE, FAR, PAGE}, {BOTH, Long.MIN_VALUE, FAR, PAGE},
            {BOTH, Long.MAX_VALUE - PAGE + 1, FAR, PAGE}, {BOTH, PAGE, FAR, PAGE}, {BOTH, 0, FAR, 2L * PAGE},
            {BOTH, 1L << 40, FAR, PAGE}, {BOTH, 0, FAR, 8L << 40},
        };
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            Map<String, Integer> before = OpenFiles.now();
            for (long[] each : bad) {
                client.refused(Wire.EINVAL, Wire.DMA_MAP, Wire.map((int) each[0], each[1], each[2], each[3]),
                        file.descriptor());
            }
            assertEquals(List.of(), addresses(served));
            assertEquals(before, OpenFiles.now());
            assertEquals(1, SharedFile.mappings()); // the client's
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            HostileCases.count("VF-3", bad.length);
        }
    }

    @Test
    @HostileCase("VF-3")
    void maps_that_are_too_large_are_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            long[] sizes = {(8L << 40) + PAGE, 1L << 50, Long.MAX_VALUE - PAGE + 1};
            for (long size : sizes) {
                client.refused(Wire.ENOSPC, Wire.DMA_MAP, Wire.map(BOTH, 0, 0, size));
            }
            client.map(BOTH, 0, 0, 8L << 40);
            HostileCases.count("VF-3", sizes.length);
        }
    }

    @Test
    @HostileCase("VF-3")
    void maps_over_others_are_refused() {
        try (SharedFile file = SharedFile.sealed(8L * PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, 4L * PAGE, file.descriptor());
            client.map(BOTH, 0, FAR + 8L * PAGE, PAGE);
            long[][] over = {{0, 4}, {0, 1}, {3, 1}, {-1, 2}, {3, 2}, {-1, 6}, {8, 1}, {7, 2}, {4, 8}, {-4, 13}};
            Map<String, Integer> before = OpenFiles.now();
            for (long[] each : over) {
                byte[] map = Wire.map(BOTH, 0, FAR + each[0] * PAGE, Math.min(each[1], 8) * PAGE);
                client.refused(Wire.EEXIST, Wire.DMA_MAP, map, file.descriptor());
            }
            assertEquals(before, OpenFiles.now());
            client.map(BOTH, 0, FAR + 4L * PAGE, 4L * PAGE, file.descriptor()); // between the two
            client.map(BOTH, 0, FAR - PAGE, PAGE, file.descriptor());
            HostileCases.count("VF-3", over.length);
        }
    }

    @Test
    @HostileCase("VF-3")
    void a_million_maps_are_refused_from_the_limit_on() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            Map<String, Integer> before = OpenFiles.now();
            for (int i = 0; i < 4096; i++) {
                if (i % 64 == 0) {
                    client.map(BOTH, 0, (long) i * PAGE, PAGE, file.descriptor());
                } else {
                    client.map(BOTH, 0, (long) i * PAGE, PAGE);
                }
            }
            int beyond = 1000;
            for (int i = 4096; i < 4096 + beyond; i++) {
                client.refused(Wire.ENOSPC, Wire.DMA_MAP, Wire.map(BOTH, 0, (long) i * PAGE, PAGE),
                        file.descriptor());
            }
            assertEquals(before, OpenFiles.now());
            client.unmap(0, PAGE);
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            HostileCases.count("VF-3", beyond);
        }
        assertEquals(0, SharedFile.mappings());
    }

    @Test
    @HostileCase("VF-3")
    void files_that_cannot_be_mapped_are_refused(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("file"), new byte[PAGE]);
        try (SharedFile file = SharedFile.sealed(PAGE);
                Served served = new Served(VfioUserServerBuilder::trustMemory);
                LinuxFile readOnly = LinuxFile.open(path); Client client = served.negotiated()) {
            Map<String, Integer> before = OpenFiles.now();
            client.refused(Wire.EINVAL, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), client.socket().descriptor());
            client.refused(Wire.EACCES, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), readOnly.descriptor());
            client.refused(Wire.EINVAL, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), file.descriptor(),
                    file.descriptor());
            assertEquals(before, OpenFiles.now());

            client.map(READ, 0, FAR, PAGE, readOnly.descriptor());
            HostileCases.count("VF-3", 3);
        }
    }

    // ── Truncation ─────────────────────────────────────────────────────────

    @Test
    @HostileCase({"VF-3", "LM-3"})
    void memory_that_the_client_can_truncate_is_refused(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("file"), new byte[PAGE]);
        try (SharedFile unsealed = SharedFile.unsealed(PAGE); SharedFile grows = SharedFile.memory(PAGE, Seal.GROW);
                LinuxFile disk = LinuxFile.open(path, LinuxFile.Option.WRITE);
                Served served = new Served(); Client client = served.negotiated()) {
            client.refused(Wire.EPERM, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), unsealed.descriptor());
            client.refused(Wire.EPERM, Wire.DMA_MAP, Wire.map(READ, 0, FAR, PAGE), unsealed.descriptor());
            client.refused(Wire.EPERM, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), grows.descriptor());
            // A file of a disk cannot be sealed at all.
            client.refused(Wire.EPERM, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), disk.descriptor());

            assertEquals(List.of(), addresses(served));
            client.assertServed();
            HostileCases.count("VF-3", 4);
            HostileCases.count("LM-3", 4);
        }
    }

    @Test
    void memory_that_the_client_can_truncate_is_mapped_if_it_is_trusted() {
        try (SharedFile unsealed = SharedFile.unsealed(PAGE);
                Served served = new Served(VfioUserServerBuilder::trustMemory);
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, unsealed.descriptor());

            assertEquals(List.of(FAR), addresses(served));
        }
    }

    // ── Unmap ──────────────────────────────────────────────────────────────

    @Test
    void unmapped_memory_is_gone_when_the_reply_comes() {
        try (SharedFile file = SharedFile.sealed(2L * PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            client.map(BOTH, PAGE, 0, PAGE, file.descriptor());
            assertEquals(3, SharedFile.mappings());

            client.unmap(FAR, PAGE);

            assertEquals(2, SharedFile.mappings());
            assertEquals(List.of(0L), addresses(served));
        }
    }

    /** As QEMU does when a machine stops. */
    @Test
    void everything_is_unmapped_at_once() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            client.map(BOTH, 0, 0, PAGE, file.descriptor());
            client.map(BOTH, 0, 5L * PAGE, PAGE);

            byte[] all = Wire.unmap(2, 0, 0);
            assertEquals(Wire.read(all), client.call(Wire.DMA_UNMAP, all));

            assertEquals(1, SharedFile.mappings());
            assertEquals(List.of(), addresses(served));
            client.map(BOTH, 0, 5L * PAGE, PAGE);
            client.call(Wire.DMA_UNMAP, all);
            client.call(Wire.DMA_UNMAP, all);
        }
    }

    @Test
    @HostileCase("VF-4")
    void unmaps_that_match_no_map_are_refused() {
        try (SharedFile file = SharedFile.sealed(4L * PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, 4L * PAGE, file.descriptor());
            client.map(BOTH, 0, FAR + 4L * PAGE, PAGE);
            long[][] bad = { // flags, address, size
                {0, FAR, PAGE}, {0, FAR, 5L * PAGE}, {0, FAR + PAGE, PAGE}, {0, FAR + PAGE, 3L * PAGE},
                {0, FAR, 0}, {0, FAR, -1}, {0, 0, 4L * PAGE}, {0, 0, 0}, {0, -PAGE, PAGE}, {0, FAR, 8L * PAGE},
                {0, FAR + 4L * PAGE, 2L * PAGE}, {2, FAR, 4L * PAGE}, {2, 0, PAGE}, {2, FAR, 0}, {2, 0, -1},
                {4, FAR, 4L * PAGE}, {8, FAR, 4L * PAGE}, {3, 0, 0}, {-1, 0, 0}, {0x8000_0000L, FAR, 4L * PAGE},
            };
            for (long[] each : bad) {
                client.refused(Wire.EINVAL, Wire.DMA_UNMAP, Wire.unmap((int) each[0], each[1], each[2]));
            }
            assertEquals(List.of(FAR), addresses(served));
            client.unmap(FAR, 4L * PAGE);
            client.refused(Wire.EINVAL, Wire.DMA_UNMAP, Wire.unmap(0, FAR, 4L * PAGE));
            HostileCases.count("VF-4", bad.length + 1);
        }
    }

    /** VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP is of a version before 0.0, and is not offered. */
    @Test
    @HostileCase("VF-4")
    void dirty_bitmaps_are_refused_whatever_their_size() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            long[] sizes = {0, 8, 4096, 0x7FFF_FFFFL, 0xFFFF_FFFFL, Long.MAX_VALUE, -1, -40, -24};
            for (long size : sizes) {
                for (long argsz : new long[] {24, 40, 48, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
                    client.refused(Wire.EINVAL, Wire.DMA_UNMAP, Wire.payload().u32(argsz).u32(1).u64(FAR).u64(PAGE)
                            .u64(4096).u64(size).bytes());
                }
            }
            assertEquals(List.of(FAR), addresses(served));
            client.unmap(FAR, PAGE);
            HostileCases.count("VF-4", 5L * sizes.length);
        }
    }

    @Test
    @HostileCase("VF-4")
    void memory_in_use_is_unmapped_when_the_use_ends_and_answered_then() throws Exception {
        try (SharedFile file = SharedFile.sealed(PAGE);
                Served served = new Served(builder -> builder.unmapGrace(Duration.ofSeconds(20)));
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            MemoryMap use = served.function.memory.pin();
            client.send(Wire.message(1, Wire.DMA_UNMAP, 0, Wire.unmap(0, FAR, PAGE)));
            while (!addresses(served).isEmpty()) {
                Thread.onSpinWait(); // the server has taken it from the device, and waits
            }
            assertEquals(2, SharedFile.mappings());

            use.unpin();

            Client.Reply reply = client.receive();
            assertEquals(1, reply.id());
            assertFalse(reply.failed());
            assertEquals(1, SharedFile.mappings());
        }
    }

    @Test
    @HostileCase("VF-4")
    void memory_that_is_not_let_go_of_is_busy_and_can_be_unmapped_again_later() {
        try (SharedFile file = SharedFile.sealed(2L * PAGE);
                Served served = new Served(builder -> builder.unmapGrace(Duration.ofMillis(1)));
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            client.map(BOTH, 0, 0, PAGE, file.descriptor());
            MemoryMap use = served.function.memory.pin();

            client.refused(Wire.EBUSY, Wire.DMA_UNMAP, Wire.unmap(0, FAR, PAGE));

            // From now on it is no memory of the device's, and still the client's.
            assertEquals(List.of(0L), addresses(served));
            client.refused(Wire.EEXIST, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), file.descriptor());
            client.refused(Wire.EBUSY, Wire.DMA_UNMAP, Wire.unmap(2, 0, 0));
            assertEquals(List.of(), addresses(served));
            assertEquals(3, SharedFile.mappings());

            use.unpin();

            client.call(Wire.DMA_UNMAP, Wire.unmap(2, 0, 0));
            assertEquals(1, SharedFile.mappings());
            client.map(BOTH, PAGE, FAR, PAGE, file.descriptor());
            HostileCases.count("VF-4", 2);
        }
    }

    @Test
    void memory_in_use_outlives_the_connection_and_not_the_use() throws Exception {
        try (SharedFile file = SharedFile.sealed(PAGE);
                Served served = new Served(builder -> builder.unmapGrace(Duration.ofMillis(1)))) {
            MemoryMap use;
            try (Client client = served.negotiated()) {
                client.map(BOTH, 0, FAR, PAGE, file.descriptor());
                use = served.function.memory.pin();
            }
            served.awaitEnd();

            assertNull(served.function.memory.current().find(FAR));
            file.segment().set(JAVA_INT, 0, 42);
            assertEquals(42, use.find(FAR).segment().get(JAVA_INT, 0));
            assertEquals(2, SharedFile.mappings());
            try (Client next = served.negotiated()) {
                next.map(BOTH, 0, FAR, PAGE, file.descriptor());
                use.unpin();
                while (SharedFile.mappings() > 2) {
                    Thread.onSpinWait(); // unmapped by another thread
                }
                next.unmap(FAR, PAGE);
            }
        }
        assertEquals(0, SharedFile.mappings());
    }

    /** As I/O of the host does that moves data straight into guest memory. */
    @Test
    @HostileCase("VF-4")
    void memory_that_a_call_of_the_host_holds_is_busy_until_the_call_ends() throws Exception {
        Pipe pipe = Pipe.open();
        try (SharedFile file = SharedFile.sealed(PAGE);
                Served served = new Served(builder -> builder.unmapGrace(Duration.ofMillis(5)));
                Client client = served.negotiated()) {
            client.map(BOTH, 0, FAR, PAGE, file.descriptor());
            MemorySegment memory = served.function.memory.current().regions().getFirst().segment();
            FutureTask<Integer> reading = new FutureTask<>(() -> pipe.source().read(memory.asByteBuffer()));
            Thread reader = Thread.ofPlatform().daemon().start(reading);
            while (!isInNativeRead(reader) && !reading.isDone()) {
                Thread.onSpinWait();
            }

            client.refused(Wire.EBUSY, Wire.DMA_UNMAP, Wire.unmap(0, FAR, PAGE));
            pipe.sink().write(ByteBuffer.wrap(new byte[] {42}));
            assertEquals(1, reading.get());

            assertEquals(42, file.segment().get(JAVA_BYTE, 0));
            client.unmap(FAR, PAGE);
            assertEquals(1, SharedFile.mappings());
        } finally {
            pipe.sink().close();
            pipe.source().close();
        }
    }

    private static boolean isInNativeRead(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("read0"));
    }

    /** The embedder was told that the memory is the client's alone; a mistake of it is no crash. */
    @Test
    void memory_that_is_not_the_clients_is_not_mapped_over() {
        try (SharedFile file = SharedFile.sealed(PAGE); Served served = new Served();
                Client client = served.negotiated()) {
            served.function.memory.add(MemoryRegion.allocate(FAR, PAGE));

            client.refused(Wire.EEXIST, Wire.DMA_MAP, Wire.map(BOTH, 0, FAR, PAGE), file.descriptor());

            assertEquals(1, SharedFile.mappings());
            client.map(BOTH, 0, 0, PAGE, file.descriptor());
        }
    }
}
