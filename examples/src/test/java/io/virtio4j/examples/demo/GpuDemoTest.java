// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo leaves a photograph of what its driver drew. */
class GpuDemoTest {

    @Test
    void the_screen_is_photographed(@TempDir Path directory) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        int code = new Demo(List.of(new GpuDemo(directory)), print, print, false)
                .run("--seed", "1", "--transport", "pci", "--ring", "packed");
        assertEquals(0, code, out.toString(StandardCharsets.UTF_8));
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("gpu.png"));
        BufferedImage picture = ImageIO.read(directory.resolve("gpu.png").toFile());
        assertEquals(640, picture.getWidth());
        assertEquals(400, picture.getHeight());
        assertEquals(0xFFFF_FFFF, picture.getRGB(400, 160), "the cursor");
        assertTrue(picture.getRGB(10, 10) != picture.getRGB(320, 200));
    }
}
