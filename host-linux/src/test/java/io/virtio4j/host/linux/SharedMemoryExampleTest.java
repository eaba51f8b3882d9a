// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The example of docs/host-linux.md: memory and a notification from one process to another. */
class SharedMemoryExampleTest {
    private static final long SIZE = 1 << 20;

    // tag::offer[]
    /** Lets a peer see {@code memory}, and signal {@code doorbell}. */
    static void offer(UnixSocket peer, LinuxFile memory, EventFd doorbell) throws IOException {
        memory.seal(Seal.SHRINK, Seal.GROW);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocateFrom(JAVA_LONG, memory.size());
            peer.send(message, 1_000, memory.descriptor(), doorbell.descriptor());
        }
    }
    // end::offer[]

    // tag::accept[]
    /** Takes the memory, writes a word into it, and signals. */
    static void accept(UnixSocket peer) throws IOException {
        try (Arena arena = Arena.ofConfined();
                ReceivedDescriptors received = new ReceivedDescriptors(2)) {
            MemorySegment message = arena.allocate(JAVA_LONG);
            if (!peer.receiveFully(message, received, 1_000) || received.size() != 2) {
                throw new IOException("offer: " + received);
            }
            long size = message.get(JAVA_LONG, 0);
            try (LinuxFile memory = LinuxFile.of(received.take(0));
                    EventFd doorbell = EventFd.of(received.take(1))) {
                if (!memory.seals().contains(Seal.SHRINK)) {
                    throw new IOException("offer: the memory could be cut short");
                }
                try (Mapping mapping = Mapping.shared(memory.descriptor(), 0, size,
                        Mapping.Access.READ_WRITE)) {
                    mapping.segment().set(JAVA_LONG, 8, 42);
                    doorbell.signal();
                }
            }
        }
    }
    // end::accept[]

    @Test
    void a_peer_writes_and_signals() throws IOException {
        int before = OpenDescriptors.count();
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket near = pair[0]; UnixSocket far = pair[1];
                LinuxFile memory = LinuxFile.memory("example", SIZE);
                EventFd doorbell = EventFd.create()) {
            offer(near, memory, doorbell);
            accept(far);

            assertEquals(1, doorbell.read(1_000));
            MemorySegment word = Arena.ofAuto().allocate(JAVA_LONG);
            memory.read(8, word);
            assertEquals(42, word.get(JAVA_LONG, 0));
        }
        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void memory_that_could_be_cut_short_is_refused() throws IOException {
        int before = OpenDescriptors.count();
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket near = pair[0]; UnixSocket far = pair[1];
                LinuxFile memory = LinuxFile.memory("unsealed", SIZE);
                EventFd doorbell = EventFd.create(); Arena arena = Arena.ofConfined()) {
            near.send(arena.allocateFrom(JAVA_LONG, SIZE), -1, memory.descriptor(),
                    doorbell.descriptor());

            assertThrows(IOException.class, () -> accept(far));
        }
        assertEquals(before, OpenDescriptors.count());
    }
}
