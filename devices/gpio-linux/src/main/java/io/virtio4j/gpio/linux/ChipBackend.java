// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import io.virtio4j.gpio.GpioBackend;
import io.virtio4j.gpio.GpioPort;
import io.virtio4j.gpio.GpioTrigger;
import io.virtio4j.host.linux.GpioChip;
import io.virtio4j.host.linux.Poller;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines of a controller of the Linux host, all of them or a choice: the driver has a line while it uses it, and
 * others of the host cannot. A thread waits for edges.
 *
 * <p>Linux reports edges only; a level that triggers is told when it begins, and read as long as the driver
 * asks. Other flags that the host's board gives its lines, such as active-low, are not looked at: levels are
 * those of {@code gpioget}.
 */
public final class ChipBackend implements GpioBackend {

    private static final Logger LOG = LoggerFactory.getLogger(ChipBackend.class);

    private static final String CONSUMER = "virtio4j";

    private final HostChip chip;
    private final String[] names;
    private final ChipLine[] lines;
    private final Poller poller;
    private final Thread waiter;
    private volatile @Nullable GpioPort port;
    private volatile boolean closed;

    /**
     * Takes over all lines of a controller.
     *
     * @param chip closed with the backend
     * @throws IOException if Linux refuses; then the controller is closed
     */
    public ChipBackend(GpioChip chip) throws IOException {
        this(chip, IntStream.range(0, chip.lines()).toArray());
    }

    /**
     * Takes over some lines of a controller.
     *
     * @param chip closed with the backend
     * @param offsets the controller's lines, in the order in which the driver numbers them
     * @throws IOException if Linux refuses; then the controller is closed
     */
    public ChipBackend(GpioChip chip, int... offsets) throws IOException {
        this(HostChip.of(chip, CONSUMER), offsets);
    }

    ChipBackend(HostChip chip, int... offsets) throws IOException {
        this.chip = chip;
        names = new String[offsets.length];
        lines = new ChipLine[offsets.length];
        try {
            for (int i = 0; i < offsets.length; i++) {
                names[i] = chip.name(offsets[i]);
            }
            poller = Poller.open();
        } catch (IOException failed) {
            chip.close();
            throw failed;
        }
        Arrays.setAll(lines, line -> new ChipLine(chip, offsets[line], poller, high -> changed(line, high)));
        waiter = Thread.ofPlatform().daemon().name("gpio-edges").start(this::waitForEdges);
    }

    private void changed(int line, boolean high) {
        GpioPort connected = port;
        if (connected != null) {
            connected.changed(line, high);
        }
    }

    private void waitForEdges() {
        while (!closed) {
            try {
                poller.poll(-1);
            } catch (IOException failed) {
                if (!closed) {
                    LOG.error("edges are not told any more: chip={}", chip, failed);
                    return;
                }
            }
        }
    }

    @Override
    public int lines() {
        return lines.length;
    }

    @Override
    public String name(int line) {
        return names[line];
    }

    @Override
    public void attach(GpioPort newPort) {
        port = newPort;
    }

    @Override
    public void release(int line) {
        lines[line].release();
    }

    @Override
    public void input(int line) throws IOException {
        lines[line].input();
    }

    @Override
    public void output(int line, boolean high) throws IOException {
        lines[line].output(high);
    }

    @Override
    public boolean isHigh(int line) throws IOException {
        return lines[line].isHigh();
    }

    @Override
    public void watch(int line, GpioTrigger trigger) throws IOException {
        lines[line].watch(trigger != GpioTrigger.NONE);
    }

    /** Gives all lines back, and closes the controller. */
    @Override
    public void close() {
        closed = true;
        for (ChipLine line : lines) {
            line.release();
        }
        poller.wakeUp();
        boolean interrupted = false;
        while (waiter.isAlive() && waiter != Thread.currentThread()) {
            try {
                waiter.join();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        poller.close();
        chip.close();
    }

    @Override
    public String toString() {
        return chip.toString();
    }
}
