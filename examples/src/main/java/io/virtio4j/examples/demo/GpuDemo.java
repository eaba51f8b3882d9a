// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.Scanout;
import io.virtio4j.gpu.ScanoutListener;
import io.virtio4j.gpu.desktop.ScanoutPng;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Two monitors: a picture is drawn tile by tile on the first, and moved to the host; the second shows the same out of
 * the driver's memory, without a copy. A cursor is put on the first, which is then photographed.
 */
final class GpuDemo implements DemoDevice {

    private final Path pictures;

    GpuDemo() {
        this(Path.of("target", "screens"));
    }

    /** Leaves the photograph in a directory. */
    GpuDemo(Path pictures) {
        this.pictures = pictures;
    }

    @Override
    public String name() {
        return "gpu";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Desk(pictures.resolve("gpu.png"), options);
    }

    /** One desk. */
    private static final class Desk implements Work {

        private static final int WIDTH = 640;
        private static final int HEIGHT = 400;
        private static final int TILE = 80;
        private static final int CURSOR = 64;
        private static final int CURSOR_X = 400;
        private static final int CURSOR_Y = 150;

        private static final int PICTURE = 1;
        private static final int BLOB = 2;
        private static final int POINTER = 3;

        private final Path file;
        private final GpuDevice device = GpuDevice.builder()
                .output(Monitor.of(WIDTH, HEIGHT)).output(Monitor.of(WIDTH, HEIGHT).at(WIDTH, 0)).build();
        private final AtomicLong damaged = new AtomicLong();
        private final Mandelbrot drawing;

        Desk(Path file, DemoOptions options) {
            this.file = file;
            drawing = new Mandelbrot(WIDTH, HEIGHT, new Random(options.seed()));
            device.scanout(0).addListener(new ScanoutListener() {
                @Override
                public void changed(Scanout scanout) {
                    damaged.set(0);
                }

                @Override
                public void damaged(Scanout scanout, int x, int y, int width, int height) {
                    damaged.addAndGet((long) width * height);
                }
            });
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) throws IOException {
            GpuDriver gpu = new GpuDriver(driver, log);
            int[] size = gpu.display(0);
            if (size[0] != WIDTH || size[1] != HEIGHT) {
                log.error("monitor has " + size[0] + " x " + size[1] + " pixels");
            }
            GuestBuffer pages = gpu.pages(WIDTH, HEIGHT);
            gpu.createImage(PICTURE, GpuDriver.XRGB, WIDTH, HEIGHT, pages);
            gpu.show(0, PICTURE, WIDTH, HEIGHT);
            draw(gpu, pages, log);
            compare(device.scanout(0), log);
            showBlob(gpu, pages, log);
            point(gpu, log);
            photograph(log);
        }

        private void draw(GpuDriver gpu, GuestBuffer pages, RunLog log) {
            log.step("draw", (long) WIDTH * HEIGHT * 4);
            gpu.flush(PICTURE, 0, 0, WIDTH, HEIGHT);
            damaged.set(0);
            for (int y = 0; y < HEIGHT; y += TILE) {
                for (int x = 0; x < WIDTH; x += TILE) {
                    for (int row = y; row < y + TILE; row++) {
                        ByteBuffer line = ByteBuffer.allocate(TILE * 4).order(ByteOrder.LITTLE_ENDIAN);
                        for (int column = x; column < x + TILE; column++) {
                            line.putInt(drawing.pixel(column, row));
                        }
                        pages.write(((long) row * WIDTH + x) * 4, line.array());
                    }
                    gpu.transfer(PICTURE, WIDTH, x, y, TILE, TILE);
                    gpu.flush(PICTURE, x, y, TILE, TILE);
                }
            }
            if (damaged.get() != WIDTH * HEIGHT) {
                log.error("flushed " + WIDTH * HEIGHT + " pixels, told of " + damaged.get());
            }
        }

        private void compare(Scanout scanout, RunLog log) {
            log.step("compare", 0);
            int[] shown = scanout.read();
            if (shown == null) {
                log.error("output " + scanout.id() + " shows nothing");
                return;
            }
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    if (shown[y * WIDTH + x] != (0xFF00_0000 | drawing.pixel(x, y))) {
                        log.error("output " + scanout.id() + " differs at " + x + ", " + y);
                        return;
                    }
                }
            }
        }

        private void showBlob(GpuDriver gpu, GuestBuffer pages, RunLog log) {
            log.step("blob", 0);
            gpu.createBlob(BLOB, pages);
            gpu.showBlob(1, BLOB, WIDTH, HEIGHT);
            gpu.flush(BLOB, 0, 0, WIDTH, HEIGHT);
            compare(device.scanout(1), log);
        }

        /** A triangle whose colors get transparent to the right. */
        private void point(GpuDriver gpu, RunLog log) {
            log.step("cursor", 0);
            GuestBuffer pages = gpu.pages(CURSOR, CURSOR);
            ByteBuffer shape = ByteBuffer.allocate(CURSOR * CURSOR * 4).order(ByteOrder.LITTLE_ENDIAN);
            for (int y = 0; y < CURSOR; y++) {
                for (int x = 0; x < CURSOR; x++) {
                    int alpha = 255 - 3 * x;
                    shape.putInt(x <= y && x + y < 90 ? alpha << 24 | alpha << 16 | alpha << 8 | alpha : 0);
                }
            }
            pages.write(0, shape.array());
            gpu.createImage(POINTER, GpuDriver.ARGB, CURSOR, CURSOR, pages);
            gpu.transfer(POINTER, CURSOR, 0, 0, CURSOR, CURSOR);
            gpu.cursor(0, POINTER, CURSOR_X, CURSOR_Y);
            int[] pixel = new int[1];
            if (!device.scanout(0).read(CURSOR_X, CURSOR_Y + 10, 1, 1, pixel, 0, 1) || pixel[0] != -1) {
                log.error("cursor is not where it should be");
            }
        }

        private void photograph(RunLog log) throws IOException {
            log.step("photograph", 0);
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            ScanoutPng.write(device.scanout(0), file);
            log.note("the screen: " + file);
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the screen", 0);
            if (device.scanout(0).isOn() || device.resources() != 0) {
                log.error("something is left after the reset");
            }
        }

        @Override
        public void close() {
            device.close();
        }
    }

    /** A part of the set, chosen at random among some that are worth a look. */
    private static final class Mandelbrot {

        private static final double[][] PLACES = {
            {-0.743_643_9, 0.131_825_9, 0.02}, {-0.1592, -1.0338, 0.03}, {-0.7463, 0.1102, 0.012}, {-0.75, 0.0, 2.9}};
        private static final int MOST = 250;

        private final int width;
        private final int height;
        private final double[] place;

        Mandelbrot(int width, int height, Random random) {
            this.width = width;
            this.height = height;
            place = PLACES[random.nextInt(PLACES.length)];
        }

        int pixel(int x, int y) {
            double step = place[2] / width;
            double real = place[0] + (x - width / 2) * step;
            double imaginary = place[1] + (y - height / 2) * step;
            double a = 0;
            double b = 0;
            for (int i = 0; i < MOST; i++) {
                double next = a * a - b * b + real;
                b = 2 * a * b + imaginary;
                a = next;
                if (a * a + b * b > 4) {
                    return color(i);
                }
            }
            return 0;
        }

        private static int color(int steps) {
            int red = (int) (127.5 - 127.5 * Math.cos(steps * 0.06));
            int green = (int) (127.5 - 127.5 * Math.cos(steps * 0.09 + 0.5));
            int blue = (int) (127.5 - 127.5 * Math.cos(steps * 0.12 + 1.2));
            return red << 16 | green << 8 | blue;
        }
    }
}
