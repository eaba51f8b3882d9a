// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.linux.ChipBackend;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.GpioChip;
import io.virtio4j.host.linux.GpioLine;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What {@link HostLinesGuestTest} runs inside of the guest: a GPIO device whose lines are those of a controller
 * that the guest's kernel simulates, and a driver in the same process. The world's side of the lines is in the
 * kernel's file system.
 */
public final class HostLines {

    private static final int GET_LINE_NAMES = 1;
    private static final int SET_DIRECTION = 3;
    private static final int GET_VALUE = 4;
    private static final int SET_VALUE = 5;
    private static final int SET_IRQ_TYPE = 6;
    private static final int OUT = 1;
    private static final int IN = 2;

    private final Path chipFile;
    private final Path world;
    private final TestDriver driver;

    private HostLines(Path chipFile, Path world, TestDriver driver) {
        this.chipFile = chipFile;
        this.world = world;
        this.driver = driver;
    }

    /** The controller's device file, and the directory with {@code sim_gpio0} and so on: the arguments. */
    public static void main(String... arguments) throws IOException {
        Path chipFile = Path.of(arguments[0]);
        try (ChipBackend backend = new ChipBackend(GpioChip.open(chipFile), 2, 0, 1);
                TestDriver driver = TestDriver.attach(new GpioDevice(backend), builder -> builder.runner(
                        Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()))).start()) {
            driver.queue(1).mayKeepBuffers();
            HostLines lines = new HostLines(chipFile, Path.of(arguments[1]), driver);
            lines.names();
            lines.output();
            lines.input();
            lines.interrupts();
            lines.exclusive();
        }
        try (GpioChip chip = GpioChip.open(chipFile)) {
            check(!chip.info(2).isUsed(), "line is given back");
        }
        System.out.println("all lines work");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("not so: " + what);
        }
        System.out.println(what);
    }

    private byte[] send(int type, int line, int value, int room) {
        byte[] message = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) type).putShort((short) line).putInt(value).array();
        return driver.queue(0).exchange(message, room).written();
    }

    private void done(int type, int line, int value) {
        check(Arrays.equals(new byte[2], send(type, line, value, 2)),
                "message type=" + type + " line=" + line + " value=" + value);
    }

    /** What the world sees on a line of the controller. */
    private String level(int offset) throws IOException {
        return Files.readString(world.resolve("sim_gpio" + offset).resolve("value")).strip();
    }

    /** The world drives a line of the controller. */
    private void drive(int offset, boolean high) throws IOException {
        Files.writeString(world.resolve("sim_gpio" + offset).resolve("pull"), high ? "pull-up" : "pull-down");
    }

    private void names() {
        byte[] names = send(GET_LINE_NAMES, 0, 0, 1 + (int) driver.port().readConfig(4, 4));
        check(new String(names, StandardCharsets.US_ASCII).equals("\0two\0zero\0\0"), "names of the host's lines");
    }

    private void output() throws IOException {
        done(SET_VALUE, 0, 1);
        done(SET_DIRECTION, 0, OUT);
        check(level(2).equals("1"), "output is high");
        done(SET_VALUE, 0, 0);
        check(level(2).equals("0"), "output is low");
        done(SET_VALUE, 0, 1);
        check(level(2).equals("1"), "output is high again");
    }

    private void input() throws IOException {
        done(SET_DIRECTION, 1, IN);
        for (boolean high : new boolean[] {true, false, true, false}) {
            drive(0, high);
            check(send(GET_VALUE, 1, 0, 2)[1] == (high ? 1 : 0), "input high=" + high);
        }
    }

    private void interrupts() throws IOException {
        done(SET_DIRECTION, 2, IN);
        for (int type : new int[] {1, 2, 3, 4, 8}) {
            boolean active = type != 2 && type != 8;
            drive(1, !active);
            done(SET_IRQ_TYPE, 2, type);
            Submitted event = unmask();
            drive(1, active);
            check(driver.queue(1).await(event).written()[0] == 1, "interrupt of type " + type);
            if (type >= 4) {
                check(driver.queue(1).await(unmask()).written()[0] == 1, "level lasts");
                drive(1, !active);
            }
            Submitted unused = unmask();
            done(SET_IRQ_TYPE, 2, 0);
            check(driver.queue(1).await(unused).written()[0] == 0, "disabled");
        }
    }

    private Submitted unmask() {
        return driver.queue(1).submit(new byte[] {2, 0}, 1);
    }

    private void exclusive() throws IOException {
        try (GpioChip chip = GpioChip.open(chipFile)) {
            check(chip.info(2).isUsed() && chip.info(2).consumer().equals("virtio4j"), "line is in use");
            chip.request(2, "somebody", GpioLine.INPUT, false).close();
            throw new IllegalStateException("a line was had twice");
        } catch (LinuxException busy) {
            check(busy.error() == Errno.EBUSY, "nobody else has it");
        }
        done(SET_DIRECTION, 0, 0);
    }
}
