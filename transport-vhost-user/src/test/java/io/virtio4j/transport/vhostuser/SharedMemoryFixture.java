// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.MemoryFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** A device with shared memory of two regions in a file, for tests; checks at the end that nothing is left. */
abstract class SharedMemoryFixture {

    static final int PAGE = 4096;
    static final int SMALL_ID = 3;
    static final int LARGE_ID = 255;
    static final Duration LONG = Duration.ofSeconds(20);

    private final OpenDescriptors before = OpenDescriptors.now();
    final List<MemoryFile> open = new ArrayList<>();
    final MemoryFile file = create(8 * PAGE);

    /** From the file's third page on. */
    final SharedMemoryRegion small = new SharedMemoryRegion(SMALL_ID, file.segment().asSlice(2 * PAGE, PAGE));
    final SharedMemoryRegion large =
            new SharedMemoryRegion(LARGE_ID, file.segment().asSlice(4 * PAGE, 3 * PAGE));

    final MemoryFile create(long length) {
        try {
            MemoryFile created = MemoryFile.create("shared", length);
            open.add(created);
            return created;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void nothing_is_left() {
        open.forEach(MemoryFile::close);
        assertEquals(before, OpenDescriptors.now());
    }

    final Rig rig(Duration patience, SharedMemoryRegion... regions) {
        return rig(builder -> builder.patience(patience), regions);
    }

    final Rig rig(UnaryOperator<VhostUserServerBuilder> choices, SharedMemoryRegion... regions) {
        return new Rig(Runner.manual(), builder -> choices.apply(builder.sharedMemory(file)), regions);
    }

    /** A front-end whose messages of the back-end the test answers itself. */
    final BackEndMessages answering(Rig rig) {
        rig.port.waitsForShared = false;
        return rig.closing(BackEndMessages.open(rig.frontEnd));
    }

    static BackEndMessages.Sent map(BackEndMessages messages, int id) {
        BackEndMessages.Sent sent = messages.receive();
        assertNotNull(sent);
        assertEquals(FrontEnd.BACKEND_SHMEM_MAP, sent.request());
        assertEquals(id, sent.id());
        return sent;
    }

    static BackEndMessages.Sent unmap(BackEndMessages messages, int id) {
        BackEndMessages.Sent sent = messages.receive();
        assertNotNull(sent);
        assertEquals(FrontEnd.BACKEND_SHMEM_UNMAP, sent.request());
        assertEquals(id, sent.id());
        return sent;
    }

    /** Answers what the back-end asks for, and closes what came along. */
    static void answer(BackEndMessages messages, BackEndMessages.Sent sent, long result) {
        FileDescriptor along = sent.file();
        if (along != null) {
            along.close();
        }
        messages.answer(sent.request(), result);
    }

    /** The same bytes are seen on both sides. */
    static void assertShared(SharedMemoryRegion region, @Nullable MemorySegment mapped) {
        assertNotNull(mapped);
        assertEquals(region.length(), mapped.byteSize());
        for (long at : new long[] {0, 1, region.length() / 2, region.length() - 1}) {
            byte value = (byte) (region.segment().get(JAVA_BYTE, at) + 0x5B);
            mapped.set(JAVA_BYTE, at, value);
            assertEquals(value, region.segment().get(JAVA_BYTE, at));
            region.segment().set(JAVA_BYTE, at, (byte) ~value);
            assertEquals((byte) ~value, mapped.get(JAVA_BYTE, at));
        }
    }
}
