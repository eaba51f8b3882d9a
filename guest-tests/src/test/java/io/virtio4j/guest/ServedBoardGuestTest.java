// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioDirection;
import io.virtio4j.gpio.GpioTrigger;
import io.virtio4j.gpio.board.LineState;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.gpio.board.SimulatedLine;
import io.virtio4j.gpio.board.WaveformRecorder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * libgpiod's programs on a simulated board: names, directions, levels, edges that Java makes, and two lines
 * that are wired together. What happened on the board is left in {@code target/board-*.vcd}.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedBoardGuestTest {

    private static final Duration LONG = Duration.ofSeconds(180);

    @OnEachWiring
    void libgpiod_uses_the_lines(Wiring wiring, GuestReport.Row row) throws Exception {
        SimulatedBoard board = SimulatedBoard.of("button", "led", "tx", "rx", "sensor ready", "");
        Path waveform = Files.createDirectories(Path.of("target")).resolve("board-" + wiring + ".vcd");
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBoard served = ServedBoard.serve(shared, 3, wiring, board);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared))
                 .programs(GuestPrograms.BOARD)
                 .name("board-" + wiring).processors(2).start();
             WaveformRecorder recorder = board.record(waveform)) {
            served.showIn(row);
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.isPacked());
            new Work(guest, served, board, recorder).run();
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.count(GpioCounter.BACKEND_ERRORS));
            row.note(served.count(GpioCounter.MESSAGES) + " messages, "
                + served.count(GpioCounter.INTERRUPTS) + " interrupts");
        }
    }

    /** What one guest does. */
    private record Work(
        LinuxGuest guest, ServedBoard served, SimulatedBoard board, WaveformRecorder recorder) {

        void run() throws InterruptedException {
            lookAround();
            read();
            write();
            watchEdges();
            watchRisingEdges();
            followTheWire();
        }

        private String command(String command) {
            recorder.remark(command);
            return guest.run(command, LONG).success();
        }

        /** Starts to watch. Linux drops edges that come before it has said that it does. */
        private GuestJob monitor(String command) {
            recorder.remark(command.replaceFirst(" --format '[^']*'", ""));
            GuestJob monitor = guest.start(command.replaceFirst("gpiomon", "gpiomon --banner"));
            guest.run("until [ -s " + monitor.outputFile() + " ]; do sleep 0.1; done", LONG).success();
            return monitor;
        }

        /** What was seen, without the banner. */
        private List<String> events(GuestJob monitor) {
            return monitor.finish(LONG).success().lines().skip(1).toList();
        }

        private void lookAround() {
            assertTrue(command("gpiodetect").matches("gpiochip0 \\[virtio\\d+] \\(6 lines\\)"));
            String info = command("gpioinfo");
            assertEquals(6, info.lines().filter(line -> line.contains("line ")).count(), info);
            for (String name : List.of("button", "led", "tx", "rx", "sensor ready")) {
                assertTrue(info.contains("\"" + name + "\""), info);
            }
            assertTrue(info.contains("unnamed"), info);
        }

        private void read() {
            SimulatedLine button = board.line("button");
            for (boolean high : new boolean[] {true, false}) {
                button.drive(high);
                assertEquals(high ? "1" : "0", command("gpioget --numeric button"));
                assertEquals(GpioDirection.NONE, button.direction(), "given back");
            }
        }

        private void write() throws InterruptedException {
            SimulatedLine led = board.line("led");
            recorder.remark("gpioset led=1");
            GuestJob set = guest.start("echo $$ > /run/gpioset; exec gpioset led=1");
            assertTrue(led.await(true, LONG));
            assertEquals(GpioDirection.OUT, led.direction());
            String info = command("gpioinfo led");
            assertTrue(info.contains("output") && info.contains("gpioset"), info);
            recorder.remark("kill gpioset");
            guest.run("kill $(cat /run/gpioset)").success();
            set.finish(LONG);
            assertTrue(led.await(GpioDirection.NONE, LONG));
            assertEquals(LineState.FLOATING, led.state());
            command("gpioset --toggle 20ms,20ms,20ms,20ms,0 led=1");
        }

        /** The kernel says which edge it was by the level that it reads afterwards. */
        private void watchEdges() throws InterruptedException {
            SimulatedLine button = board.line("button");
            button.drive(false);
            GuestJob monitor = monitor("gpiomon --num-events 10 --format '%e %l' button");
            assertEquals(GpioTrigger.EDGE_BOTH, button.trigger());
            long messages = served.count(GpioCounter.MESSAGES);
            for (int i = 0; i < 10; i++) {
                button.drive(i % 2 == 0);
                served.await(GpioCounter.MESSAGES, messages + i + 1);
            }
            assertEquals(IntStream.range(0, 10).mapToObj(i -> i % 2 == 0 ? "1 button" : "2 button").toList(),
                events(monitor));
            assertTrue(button.await(GpioTrigger.NONE, LONG), "disabled");
        }

        /** Every edge has its interrupt, as fast as the driver unmasks. Linux keeps 16 until they are read. */
        private void watchRisingEdges() throws InterruptedException {
            SimulatedLine ready = board.line("sensor ready");
            ready.drive(false);
            GuestJob monitor = monitor("gpiomon --num-events 12 --edges rising --format '%e %o' 'sensor ready'");
            assertEquals(GpioTrigger.EDGE_RISING, ready.trigger());
            long interrupts = served.count(GpioCounter.INTERRUPTS);
            for (int i = 0; i < 12; i++) {
                ready.pulse();
                served.await(GpioCounter.INTERRUPTS, interrupts + i + 1);
            }
            assertEquals(Collections.nCopies(12, "1 4"), events(monitor));
        }

        private void followTheWire() {
            board.wire("tx", "rx");
            GuestJob monitor = monitor("gpiomon --num-events 4 --format '%e %l' rx");
            command("gpioset --toggle 400ms,400ms,400ms,400ms,0 tx=1");
            assertEquals(List.of("1 rx", "2 rx", "1 rx", "2 rx"), events(monitor));
        }
    }
}
