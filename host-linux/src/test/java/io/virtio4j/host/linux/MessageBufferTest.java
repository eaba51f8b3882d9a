// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages with a header that is received by itself, and descriptors. */
class MessageBufferTest {
    private static final int HEADER = 4;
    private static final int TIMEOUT = 20_000;

    private final int before = OpenDescriptors.count();
    private final UnixSocket[] pair = UnixSocket.pair();
    private final MessageBuffer near = new MessageBuffer(HEADER, 200, 2);
    private final MessageBuffer far = new MessageBuffer(HEADER, 200, 2);

    MessageBufferTest() throws IOException {}

    @AfterEach
    void nothing_is_left_open() throws IOException {
        near.close();
        far.close();
        pair[0].close();
        pair[1].close();
        assertEquals(before, OpenDescriptors.count());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 200})
    void a_message_comes_as_it_was_sent_with_its_descriptors(int payload) throws IOException {
        try (EventFd event = EventFd.create()) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < HEADER + payload; i++) {
                    near.bytes().set(JAVA_BYTE, i, (byte) (i + round));
                }
                near.send(pair[0], payload, TIMEOUT, event.descriptor(), event.descriptor());
                near.send(pair[0], 0, TIMEOUT);

                assertTrue(far.receiveHeader(pair[1], TIMEOUT));
                far.receivePayload(pair[1], payload, TIMEOUT);
                assertEquals(2, far.descriptors().size());
                for (int i = 0; i < HEADER + payload; i++) {
                    assertEquals((byte) (i + round), far.bytes().get(JAVA_BYTE, i));
                }
                // What nobody took is closed with the next message.
                assertTrue(far.receiveHeader(pair[1], TIMEOUT));
                assertEquals(0, far.descriptors().size());
            }
        }
    }

    @Test
    void the_end_of_the_connection_is_no_error_between_messages_but_is_one_inside() throws IOException {
        near.send(pair[0], 0, TIMEOUT);
        pair[0].close();

        assertTrue(far.receiveHeader(pair[1], TIMEOUT));
        assertThrows(EOFException.class, () -> far.receivePayload(pair[1], 1, TIMEOUT));
        assertFalse(far.receiveHeader(pair[1], TIMEOUT));
    }

    @Test
    void a_payload_that_does_not_come_in_time_is_an_error() throws IOException {
        near.send(pair[0], 3, TIMEOUT);

        assertTrue(far.receiveHeader(pair[1], TIMEOUT));
        assertThrows(SocketTimeoutException.class, () -> far.receivePayload(pair[1], 4, 1));
    }

    @Test
    void more_descriptors_than_there_is_room_for_are_an_error() throws IOException {
        try (EventFd event = EventFd.create()) {
            near.send(pair[0], 0, TIMEOUT, event.descriptor(), event.descriptor(), event.descriptor());

            assertThrows(ProtocolException.class, () -> far.receiveHeader(pair[1], TIMEOUT));
        }
    }
}
