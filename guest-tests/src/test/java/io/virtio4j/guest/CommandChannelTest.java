// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The protocol of {@code guest-tests/init}, with a thread in the place of the guest. */
@Timeout(30)
class CommandChannelTest {

    private static final Duration ENOUGH = Duration.ofSeconds(20);
    private static final Duration NONE = Duration.ZERO;

    @TempDir
    private Path directory;
    private CommandChannel channel;
    private SocketChannel guest;
    private BufferedReader heard;
    private OutputStream spoken;

    @BeforeEach
    void connect() throws IOException {
        Path socket = directory.resolve("commands.sock");
        channel = CommandChannel.listen(socket);
        guest = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        heard = new BufferedReader(Channels.newReader(guest, StandardCharsets.UTF_8));
        spoken = Channels.newOutputStream(guest);
    }

    @AfterEach
    void disconnect() throws IOException {
        guest.close();
        channel.close();
    }

    /** A guest that answers one command, whose token replaces TOKEN. */
    private Thread answering(String... pieces) {
        return Thread.ofPlatform().start(() -> {
            try {
                String token = heard.readLine().split(" ")[0];
                for (String piece : pieces) {
                    say(piece.replace("TOKEN", token));
                }
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        });
    }

    private void say(String text) throws IOException {
        spoken.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private void greet() throws Exception {
        say("noise of the firmware\nvirtio4j-guest ready 7.2.12\r\n");
        assertEquals("7.2.12", channel.greeting(ENOUGH));
    }

    @Test
    void a_command_arrives_whole_whatever_is_in_it() throws Exception {
        greet();
        String script = "echo 'a b'\nprintf '%s' \"$x\" # grüße\n";
        String[] line = new String[1];
        Thread answer = Thread.ofPlatform().start(() -> {
            try {
                line[0] = heard.readLine();
                say("\n" + line[0].split(" ")[0] + " 0\n");
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        });

        channel.run(script, ENOUGH);

        answer.join();
        byte[] received = Base64.getDecoder().decode(line[0].split(" ")[1]);
        assertEquals(script, new String(received, StandardCharsets.UTF_8));
    }

    @Test
    void an_answer_in_pieces_is_put_together() throws Exception {
        greet();
        answering("first\nsec", "ond\n", "\nTOK", "", "\nTOKEN ", "4", "2\n");

        CommandResult result = channel.run("x", ENOUGH);

        assertEquals(new CommandResult("x", "first\nsecond\n\nTOK", 42), result);
    }

    @Test
    void output_that_looks_like_an_end_is_output() throws Exception {
        greet();
        answering("0123456789abcdef 0\n\n0123456789abcdef 0\n", "\nTOKEN 1\n");

        CommandResult result = channel.run("x", ENOUGH);

        assertEquals("0123456789abcdef 0\n\n0123456789abcdef 0", result.output());
        assertEquals(1, result.status());
    }

    @Test
    void the_next_command_does_not_see_what_was_before() throws Exception {
        greet();
        answering("one\n\nTOKEN 0\n");
        channel.run("x", ENOUGH);
        answering("two\n\nTOKEN 0\n");

        assertEquals("two", channel.run("y", ENOUGH).output());
    }

    @Test
    void a_late_end_is_a_timeout_with_the_output_so_far() throws Exception {
        greet();
        answering("as far as it came");

        TimeoutException late =
            assertThrows(TimeoutException.class, () -> channel.run("x", Duration.ofMillis(200)));

        assertEquals("as far as it came", late.getMessage());
    }

    @Test
    void a_guest_that_goes_away_ends_the_wait_at_once() throws Exception {
        greet();
        Thread leaving = Thread.ofPlatform().start(() -> {
            try {
                heard.readLine();
                say("last words");
                guest.close();
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        });

        EOFException gone = assertThrows(EOFException.class, () -> channel.run("x", ENOUGH));

        leaving.join();
        assertEquals("last words", gone.getMessage());
        assertThrows(EOFException.class, () -> channel.run("y", ENOUGH));
    }

    @Test
    void a_guest_that_never_greets_is_a_timeout() {
        assertThrows(TimeoutException.class, () -> channel.greeting(NONE));
    }

    @Test
    void an_end_of_the_machine_ends_the_wait_for_a_greeting() {
        channel.end();

        assertThrows(EOFException.class, () -> channel.greeting(ENOUGH));
    }
}
