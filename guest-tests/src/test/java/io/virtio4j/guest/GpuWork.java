// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import javax.imageio.ImageIO;

/** What a guest shows on a GPU device, and what is seen of it outside. */
record GpuWork(LinuxGuest guest, ServedGpu served, SharedDirectory shared) {

    private static final Duration LONG = Duration.ofSeconds(180);
    private static final String ALPHABET =
        " !\"#$&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";

    private String run(String script) {
        return guest.run(script, LONG).success();
    }

    // ── The kernel's console ───────────────────────────────────────────────

    /** An alphabet to learn from, then what a shell and the kernel say. */
    void console() {
        run("setterm() { printf \"$1\" > /dev/tty1; }; setterm '\\033[2J\\033[H\\033[?25l'");
        run("cat > /dev/tty1 <<'E'\n" + ALPHABET + "\nE");
        run("{ uname -sr; cat /proc/fb; grep -m 1 'model name' /proc/cpuinfo; ls -l /dev/dri; free; } > /dev/tty1");
        run("dmesg -n 8; echo '<4>the kernel says: 6 x 7 = 42' > /dev/kmsg; dmesg -n 1");
        String release = "Linux " + guest.release();
        BufferedImage picture = served.awaitPicture(0, "the console's text", seen ->
            text(seen).contains("the kernel says: 6 x 7 = 42"));
        assertEquals(1024, picture.getWidth());
        String text = text(picture);
        assertTrue(text.lines().anyMatch(release::equals), text);
        assertTrue(text.contains("virtio_gpu"), text);
    }

    private static String text(BufferedImage picture) {
        ScreenText reader = new ScreenText();
        reader.learn(picture, 0, ALPHABET);
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < ScreenText.rows(picture); row++) {
            text.append(reader.read(picture, row)).append('\n');
        }
        return text.toString();
    }

    // ── Known pixels ───────────────────────────────────────────────────────

    /** A program shows a picture, and then changes a part of it. */
    void pixels(String kind, int width, int height) {
        run("mkfifo /run/words");
        GuestJob program = guest.start("pixels %s 0 %dx%d < /run/words".formatted(kind, width, height));
        run("exec 9> /run/words; sleep 1000 >&9 & echo $! > /run/keeper");
        served.awaitPicture(0, "known pixels", seen -> seen.getWidth() == width && isDrawn(seen, height, false));
        run("echo patch > /run/words");
        served.awaitPicture(0, "a patch", seen -> seen.getWidth() == width && isDrawn(seen, height, true));
        served.photograph(0, "pixels-" + kind + "-" + served.wiring());
        run("kill $(cat /run/keeper)");
        assertEquals("shown\npatched", program.finish(LONG).success().strip());
        run("rm /run/words");
    }

    /** A program shows a blob of the host's memory that it has mapped; it draws 32 rows of it. */
    void hostBlob(int width, int height) {
        run("mkfifo /run/words");
        GuestJob program = guest.start("pixels host 0 %dx%d < /run/words".formatted(width, height));
        run("exec 9> /run/words; sleep 1000 >&9 & echo $! > /run/keeper");
        served.awaitPicture(0, "pixels of a mapped blob", seen ->
            seen.getWidth() == width && isDrawn(seen, 32, false) && isBlack(seen, 32, height));
        run("echo patch > /run/words");
        served.awaitPicture(0, "a patch", seen -> seen.getWidth() == width && isDrawn(seen, 32, true));
        served.photograph(0, "pixels-host-" + served.wiring());
        run("kill $(cat /run/keeper)");
        String said = program.finish(LONG).success().strip();
        int stride = (width * 4 + 63) / 64 * 64;
        assertEquals("version 1 stride %d size %d blob 1\nshown\npatched".formatted(
            stride, (stride * height + 4095) / 4096 * 4096), said);
        run("rm /run/words");
    }

    private static boolean isBlack(BufferedImage picture, int from, int to) {
        for (int y = from; y < to; y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                if ((picture.getRGB(x, y) & 0xFFFFFF) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    // ── modetest ───────────────────────────────────────────────────────────

    /** The lines of modetest's list of connectors that tell of one: its id, whether it is connected, its modes. */
    List<String> connectors() {
        return run("modetest -M virtio_gpu -c").lines()
            .filter(line -> line.matches("\\d+\\s+\\d+\\s+(dis)?connected\\s.*")).toList();
    }

    /** The id of a connector. */
    int connector(int number) {
        return Integer.parseInt(connectors().get(number).split("\\s+")[0]);
    }

    boolean isConnected(int number) {
        return connectors().get(number).split("\\s+")[2].equals("connected");
    }

    /** Whether a connector offers a mode. */
    boolean offers(int number, String mode) {
        String id = Integer.toString(connector(number));
        boolean here = false;
        for (String line : run("modetest -M virtio_gpu -c").lines().toList()) {
            if (line.matches("\\d+\\s+\\d+\\s+(dis)?connected\\s.*")) {
                here = line.startsWith(id + "\t") || line.startsWith(id + " ");
            } else if (here && line.matches("\\s+#\\d+ " + mode + " .*")) {
                return true;
            }
        }
        return false;
    }

    /** Shows modetest's test picture on outputs until {@link #endModetest}. */
    GuestJob modetest(String arguments) {
        run("mkfifo /run/keys");
        GuestJob job = guest.start("modetest -M virtio_gpu " + arguments + " < /run/keys");
        run("exec 9> /run/keys; sleep 1000 >&9 & echo $! > /run/keeper");
        return job;
    }

    String endModetest(GuestJob job) {
        run("echo > /run/keys; kill $(cat /run/keeper); rm /run/keys");
        return job.finish(LONG).output();
    }

    /** The seven bars in the upper part of the picture of the Society of Motion Picture and Television Engineers. */
    static boolean hasBars(BufferedImage picture, int width, int height) {
        int[] colors = {0xC0C0C0, 0xC0C000, 0x00C0C0, 0x00C000, 0xC000C0, 0xC00000, 0x0000C0};
        if (picture.getWidth() != width || picture.getHeight() != height) {
            return false;
        }
        for (int i = 0; i < colors.length; i++) {
            if ((picture.getRGB(width * (2 * i + 1) / 14, height / 3) & 0xFFFFFF) != colors[i]) {
                return false;
            }
        }
        return true;
    }

    /** What two monitors of a height show, side by side. */
    static BufferedImage beside(BufferedImage left, BufferedImage right) {
        BufferedImage both = new BufferedImage(left.getWidth() + right.getWidth(), left.getHeight(),
            BufferedImage.TYPE_INT_RGB);
        both.getGraphics().drawImage(left, 0, 0, null);
        both.getGraphics().drawImage(right, left.getWidth(), 0, null);
        return both;
    }

    // ── Viewers ────────────────────────────────────────────────────────────

    /** Has vncsnapshot, a viewer of Debian's, photograph an output; JPEG loses a little of each color. */
    BufferedImage vncSnapshot(int port) throws IOException {
        shared.run("vncsnapshot", "-quality", "100", "-quiet", "127.0.0.1:" + (port - 5900), shared.inside("vnc.jpg"));
        return ImageIO.read(shared.path("vnc.jpg").toFile());
    }

    /** How much two pictures of a size differ: the mean over all pixels and colors, of 255. */
    static double difference(BufferedImage one, BufferedImage other) {
        assertEquals(one.getWidth(), other.getWidth());
        assertEquals(one.getHeight(), other.getHeight());
        long sum = 0;
        for (int y = 0; y < one.getHeight(); y++) {
            for (int x = 0; x < one.getWidth(); x++) {
                int a = one.getRGB(x, y);
                int b = other.getRGB(x, y);
                for (int shift = 0; shift < 24; shift += 8) {
                    sum += Math.abs((a >> shift & 255) - (b >> shift & 255));
                }
            }
        }
        return sum / 3.0 / one.getWidth() / one.getHeight();
    }

    /** Compares pixel by pixel. */
    static boolean isDrawn(BufferedImage picture, int height, boolean patched) {
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                boolean white = patched && x >= 8 && x < 24 && y >= 8 && y < 24;
                int drawn = white ? 0xFFFFFF : (x & 255) << 16 | (y & 255) << 8 | (x * 7 + y * 13 & 255);
                if ((picture.getRGB(x, y) & 0xFFFFFF) != drawn) {
                    return false;
                }
            }
        }
        return picture.getHeight() >= height;
    }
}
