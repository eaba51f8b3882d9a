// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileDescriptorTest {
    private static final int O_CLOEXEC = 02000000;

    @Test
    void a_second_close_does_nothing() throws IOException {
        FileDescriptor first = LinuxFile.memory("first", 0).descriptor();
        first.close();
        List<LinuxFile> others = new ArrayList<>();
        for (int i = 0; i < 10; i++) { // one of them gets the number of the first
            others.add(LinuxFile.memory("other", 0));
        }

        first.close();

        assertTrue(others.stream().anyMatch(o -> o.descriptor().number() == first.number()));
        for (LinuxFile other : others) {
            assertEquals("/memfd:other (deleted)",
                    OpenDescriptors.target(other.descriptor().number()));
            other.close();
        }
    }

    @Test
    void use_after_close_is_ebadf_before_the_kernel_sees_it() throws IOException {
        FileDescriptor closed = LinuxFile.memory("closed", 0).descriptor();
        closed.close();

        LinuxException refused = assertThrows(LinuxException.class, closed::status);

        assertFalse(closed.isOpen());
        assertEquals(Errno.EBADF, refused.error());
        assertEquals("statx: errno=EBADF(9) fd=" + closed.number() + " closed",
                refused.getMessage());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, closed::dup).error());
    }

    @Test
    void the_number_is_not_given_back_while_a_call_uses_it() throws IOException {
        FileDescriptor used = LinuxFile.memory("used", 0).descriptor();
        used.acquire("test");

        used.close();

        assertFalse(used.isOpen());
        assertFalse(used.tryAcquire());
        assertEquals("/memfd:used (deleted)", OpenDescriptors.target(used.number()));
        used.release();
        assertEquals("", OpenDescriptors.target(used.number()));
    }

    @Test
    void calls_and_a_close_that_race_never_meet_another_file() throws Exception {
        for (int round = 0; round < 200; round++) {
            LinuxFile file = LinuxFile.memory("raced", round + 1);
            FileStatus.Identity identity = file.descriptor().status().identity();
            Background<FileStatus> reader = Background.start(() -> {
                for (;;) {
                    FileStatus status = file.descriptor().status();
                    if (!status.identity().equals(identity)) {
                        return status;
                    }
                }
            });
            file.close();
            try (LinuxFile taker = LinuxFile.memory("taker", 0)) {
                LinuxException closed = reader.failure(LinuxException.class);
                assertEquals("statx: errno=EBADF(9) " + file.descriptor(), closed.getMessage());
                assertTrue(taker.descriptor().isOpen());
            }
        }
    }

    @Test
    void a_duplicate_is_the_same_file_and_has_its_own_life() throws IOException {
        FileDescriptor original = LinuxFile.memory("twice", 5).descriptor();
        FileDescriptor duplicate = original.dup();

        original.close();

        assertNotEquals(original.number(), duplicate.number());
        assertEquals(5, duplicate.status().size());
        assertEquals(O_CLOEXEC, OpenDescriptors.flags(duplicate) & O_CLOEXEC);
        duplicate.close();
        assertEquals("", OpenDescriptors.target(duplicate.number()));
    }

    @Test
    void adopting_what_is_not_open_is_refused() {
        LinuxException refused =
                assertThrows(LinuxException.class, () -> FileDescriptor.adopt(1_000_000));

        assertEquals("fcntl: errno=EBADF(9) fd=1000000", refused.getMessage());
    }

    @Test
    void an_adopted_descriptor_is_owned() throws IOException {
        FileDescriptor given = LinuxFile.memory("given", 7).descriptor();
        FileDescriptor adopted = FileDescriptor.adopt(given.dup().number());

        assertEquals(given.status().identity(), adopted.status().identity());

        adopted.close();
        given.close();
        assertEquals("", OpenDescriptors.target(adopted.number()));
    }

    @Test
    void status_tells_kinds_of_files_apart() throws IOException {
        try (EventFd event = EventFd.create(); LinuxFile file = LinuxFile.memory("regular", 3);
                UnixServerSocket server =
                        UnixServerSocket.listen(UnixAddress.abstractName("virtio4j-status"))) {
            assertEquals(FileStatus.Type.OTHER, event.descriptor().status().type());
            assertEquals(FileStatus.Type.REGULAR, file.descriptor().status().type());
            assertEquals(FileStatus.Type.SOCKET, server.descriptor().status().type());
            assertEquals(3, file.descriptor().status().size());
            assertEquals(0, file.descriptor().status().allocatedBytes());
        }
    }
}
