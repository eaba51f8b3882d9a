// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.time.Duration;

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
        run("{ uname -sr; echo; head -c 6 /proc/fb; grep -o 'virtio_gpu' /proc/fb; } > /dev/tty1");
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
        run("kill $(cat /run/keeper)");
        assertEquals("shown\npatched", program.finish(LONG).success().strip());
        run("rm /run/words");
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
