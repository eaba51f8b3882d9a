// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.TestDriver;
import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.Frame;
import java.awt.GraphicsEnvironment;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import javax.swing.JFrame;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an output shows, as images and files. */
class ScanoutImageTest {

    private static final int WIDTH = 33;
    private static final int HEIGHT = 21;
    /** {@code B8G8R8X8_UNORM} */
    private static final int XRGB = 2;

    private final GpuDevice device = new GpuDevice(Monitor.of(640, 480));
    private TestDriver driver;
    private GuestBuffer pages;

    @BeforeEach
    void start() {
        driver = TestDriver.attach(device).start();
        pages = driver.ram().allocate(WIDTH * HEIGHT * 4, 4096);
    }

    @AfterEach
    void close() {
        driver.close();
        device.close();
    }

    private void send(int type, int... values) {
        ByteBuffer command = ByteBuffer.allocate(24 + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type);
        for (int i = 0; i < values.length; i++) {
            command.putInt(24 + 4 * i, values[i]);
        }
        ByteBuffer answer = ByteBuffer.wrap(driver.queue(0).exchange(command.array(), 24).written())
                .order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0x1100, answer.getInt());
    }

    private void fill(int color) {
        ByteBuffer bytes = ByteBuffer.allocate(WIDTH * HEIGHT * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            bytes.putInt(color + i);
        }
        pages.write(0, bytes.array());
        send(0x105, 0, 0, WIDTH, HEIGHT, 0, 0, 1, 0);
    }

    private void show() {
        send(0x101, 1, XRGB, WIDTH, HEIGHT);
        send(0x106, 1, 1, (int) pages.address(), 0, WIDTH * HEIGHT * 4, 0);
        fill(0x100000);
        send(0x103, 0, 0, WIDTH, HEIGHT, 0, 1);
        send(0x104, 0, 0, WIDTH, HEIGHT, 1, 0);
    }

    @Test
    void an_image_follows_what_is_flushed() {
        List<String> told = new ArrayList<>();
        try (ScanoutImage following = new ScanoutImage(device.scanout(0), area -> told.add(area == null ? "new"
                : area.x + "," + area.y + " " + area.width + "x" + area.height))) {
            assertNull(following.image());
            show();
            BufferedImage image = Objects.requireNonNull(following.image());
            assertEquals(0xFF10_0000 + 5 * WIDTH + 4, image.getRGB(4, 5));
            fill(0x200000);
            send(0x104, 4, 5, 2, 1, 1, 0);
            assertSame(image, following.image());
            assertEquals(0xFF20_0000 + 5 * WIDTH + 4, image.getRGB(4, 5));
            assertEquals(0xFF10_0000 + 5 * WIDTH + 6, image.getRGB(6, 5), "not flushed");
            assertEquals(List.of("new", "new", "0,0 33x21", "4,5 2x1"), told);
            send(0x103, 0, 0, 0, 0, 0, 0);
            assertNull(following.image());
        }
        told.clear();
        send(0x103, 0, 0, WIDTH, HEIGHT, 0, 1);
        assertEquals(List.of(), told);
    }

    @Test
    void an_image_of_a_picture_that_is_there_has_all_of_it() {
        show();
        try (ScanoutImage following = new ScanoutImage(device.scanout(0))) {
            BufferedImage image = Objects.requireNonNull(following.image());
            assertEquals(0xFF10_0000 + WIDTH * HEIGHT - 1, image.getRGB(WIDTH - 1, HEIGHT - 1));
        }
    }

    @Test
    void a_png_has_the_pixels(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("screen.png");
        assertThrows(IllegalStateException.class, () -> ScanoutPng.write(device.scanout(0), file));
        assertNull(ScanoutImage.snapshot(device.scanout(0)));
        show();
        ScanoutPng.write(device.scanout(0), file);
        ScanoutPng.write(device.scanout(0), file);
        BufferedImage read = ImageIO.read(file.toFile());
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                assertEquals(0xFF10_0000 + y * WIDTH + x, read.getRGB(x, y));
            }
        }
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void a_view_has_the_size_of_the_picture_and_draws_it() {
        ScanoutView view = new ScanoutView(device.scanout(0));
        assertEquals(new Dimension(640, 480), view.getPreferredSize());
        show();
        assertEquals(new Dimension(WIDTH, HEIGHT), view.getPreferredSize());
        view.addNotify();
        view.setSize(50, 30);
        BufferedImage canvas = new BufferedImage(50, 30, BufferedImage.TYPE_INT_RGB);
        canvas.createGraphics().fillRect(0, 0, 50, 30);
        view.paint(canvas.getGraphics());
        assertEquals(0xFF10_0000 + 5 * WIDTH + 4, canvas.getRGB(4, 5));
        assertEquals(0xFF00_0000, canvas.getRGB(40, 5));
        view.removeNotify();
    }

    /** Needs a desktop, if only one in memory: {@code xvfb-run mvn -pl devices/gpu-desktop -am test}. */
    @Test
    void a_window_shows_the_picture_and_what_changes() throws Exception {
        assumeFalse(GraphicsEnvironment.isHeadless(), "there is no desktop");
        show();
        Robot robot = new Robot();
        ScanoutView.open(device.scanout(0), "an output");
        Frame window = await(() -> Arrays.stream(Frame.getFrames()).filter(Frame::isShowing).findFirst().orElse(null));
        try {
            ScanoutView view = (ScanoutView) ((JFrame) window).getContentPane().getComponent(0);
            awaitPicture(robot, view, 0x100000);
            fill(0x200000);
            send(0x104, 0, 0, WIDTH, HEIGHT, 1, 0);
            awaitPicture(robot, view, 0x200000);
        } finally {
            EventQueue.invokeAndWait(window::dispose);
        }
    }

    private static void awaitPicture(Robot robot, ScanoutView view, int color) throws InterruptedException {
        await(() -> {
            BufferedImage seen =
                    robot.createScreenCapture(new Rectangle(view.getLocationOnScreen(), new Dimension(WIDTH, HEIGHT)));
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    if (seen.getRGB(x, y) != (0xFF00_0000 | color + y * WIDTH + x)) {
                        return null;
                    }
                }
            }
            return seen;
        });
    }

    private static <T> T await(Supplier<@Nullable T> what) throws InterruptedException {
        for (int i = 0; i < 600; i++) {
            T found = what.get();
            if (found != null) {
                return found;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("not seen in half a minute");
    }
}
