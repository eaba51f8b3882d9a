// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.transport.pci.BarMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Memory in BARs that the client maps. [VFIO_USER_DEVICE_GET_REGION_INFO], [VFIO_REGION_INFO_CAP_SPARSE_MMAP] */
class MappedRegionTest {

    private static final int PAGE = Linux.pageSize();
    private static final int READ_WRITE = 3;
    private static final int MMAP = 4;
    private static final int CAPS = 8;
    private static final int BAR = 0;

    private static Served serve(MemoryFile file, BarMemory... memory) {
        return new Served(List.of(memory), builder -> builder.sharedMemory(file));
    }

    @Test
    void a_client_is_told_which_parts_it_may_map_and_given_the_file() throws IOException {
        try (MemoryFile file = MemoryFile.create("parts", 16L * PAGE);
                Served served = serve(file,
                    new BarMemory(BAR, 2L * PAGE, file.segment().asSlice(4L * PAGE, 3L * PAGE)),
                    new BarMemory(BAR, 8L * PAGE, file.segment().asSlice(10L * PAGE, 100)));
                Client client = served.negotiated()) {
            Client.ToMap toMap = client.regionToMap(BAR, 4096);
            ByteBuffer info = toMap.info();

            assertEquals(80, info.remaining());
            assertEquals(80, info.getInt());
            assertEquals(READ_WRITE | MMAP | CAPS, info.getInt());
            assertEquals(BAR, info.getInt());
            assertEquals(32, info.getInt(), "where the capability is");
            assertEquals(RecordingFunction.BAR0_SIZE, info.getLong());
            assertEquals(2L * PAGE, info.getLong(), "where the BAR would begin in the file");
            assertEquals(1, info.getShort(), "SPARSE_MMAP");
            assertEquals(1, info.getShort());
            assertEquals(0, info.getInt(), "no other capability");
            assertEquals(2, info.getInt());
            assertEquals(0, info.getInt());
            assertEquals(2L * PAGE, info.getLong());
            assertEquals(3L * PAGE, info.getLong());
            assertEquals(8L * PAGE, info.getLong());
            assertEquals(PAGE, info.getLong(), "whole pages");

            try (FileDescriptor sent = toMap.file();
                    Mapping mapping = Mapping.ofPeer(sent, 4L * PAGE, PAGE, Mapping.Access.READ_WRITE, false)) {
                mapping.segment().set(JAVA_LONG, 8, 42);
                assertEquals(42, file.segment().get(JAVA_LONG, 4L * PAGE + 8));
            }
        }
    }

    @Test
    void a_client_with_too_little_room_is_told_how_much_it_takes() throws IOException {
        try (MemoryFile file = MemoryFile.create("room", PAGE);
                Served served = serve(file, new BarMemory(BAR, 0, file.segment()));
                Client client = served.negotiated()) {
            for (int room : new int[] {32, 63}) {
                ByteBuffer info = client.call(Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(BAR, room));

                assertEquals(32, info.remaining());
                assertEquals(64, info.getInt(0));
                assertEquals(READ_WRITE | MMAP | CAPS, info.getInt(4));
                assertEquals(0, info.getInt(12), "no capability yet");
            }
            Client.ToMap toMap = client.regionToMap(BAR, 64);
            toMap.file().close();
            assertEquals(64, toMap.info().remaining());
        }
    }

    @Test
    void a_bar_that_is_memory_from_end_to_end_needs_no_capability() throws IOException {
        try (MemoryFile file = MemoryFile.create("whole", RecordingFunction.BAR0_SIZE);
                Served served = serve(file, new BarMemory(BAR, 0, file.segment()));
                Client client = served.negotiated()) {
            Client.ToMap toMap = client.regionToMap(BAR, 32);
            toMap.file().close();

            assertEquals(32, toMap.info().remaining());
            assertEquals(READ_WRITE | MMAP, toMap.info().getInt(4));
            assertEquals(0, toMap.info().getInt(12));
            assertEquals(0, toMap.info().getLong(24));
        }
    }

    @Test
    void other_regions_stay_registers_and_accesses_by_message_go_on() throws IOException {
        try (MemoryFile file = MemoryFile.create("message", PAGE);
                Served served = serve(file, new BarMemory(BAR, 0, file.segment()));
                Client client = served.negotiated()) {
            assertEquals(READ_WRITE, client.call(Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(2, 4096)).getInt(4));
            assertEquals(0x0B0A0908, client.read(BAR, 8, 4));
            assertEquals(List.of("bar0 8 4"), served.function.takeAccesses());
            client.post(Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(BAR, 4096));
            client.assertServed(); // nothing is sent along that belonged to the request before
        }
    }

    @Test
    void each_client_is_given_the_file_and_no_descriptor_is_left() throws IOException {
        try (MemoryFile file = MemoryFile.create("again", PAGE);
                Served served = serve(file, new BarMemory(BAR, 0, file.segment()))) {
            var before = OpenFiles.now();
            for (int i = 0; i < 3; i++) {
                try (Client client = served.negotiated()) {
                    client.regionToMap(BAR, 4096).file().close();
                }
                served.awaitEnd();
            }
            assertEquals(before, OpenFiles.now());
        }
    }

    @Test
    void memory_that_cannot_be_mapped_is_refused_when_the_server_is_made() throws IOException {
        try (MemoryFile file = MemoryFile.create("refused", 8L * PAGE);
                MemoryFile other = MemoryFile.create("other", PAGE)) {
            MemorySegment all = file.segment();
            assertRefused("nothing of the function's memory lies in", file);
            assertRefused("nothing of the function's memory lies in", file, new BarMemory(BAR, 0, other.segment()));
            assertRefused("has to be at pages", file, new BarMemory(BAR, 0, all.asSlice(8, PAGE)));
            assertRefused("has to be at pages", file, new BarMemory(BAR, PAGE, all.asSlice(0, PAGE)));
            assertRefused("as far from each other as in the BAR", file, new BarMemory(BAR, 0, all.asSlice(0, PAGE)),
                    new BarMemory(BAR, PAGE, all.asSlice(2L * PAGE, PAGE)));
        }
    }

    private static void assertRefused(String why, MemoryFile file, BarMemory... memory) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> serve(file, memory).close());
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
