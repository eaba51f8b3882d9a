// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.desktop;

import io.virtio4j.gpu.Scanout;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.ImageIO;

/** Photographs of an output. */
public final class ScanoutPng {

    private ScanoutPng() {}

    /**
     * Writes what an output shows now into a PNG file, all of it or nothing.
     *
     * @throws IllegalStateException if it shows nothing
     */
    public static void write(Scanout scanout, Path file) throws IOException {
        BufferedImage picture = ScanoutImage.snapshot(scanout);
        if (picture == null) {
            throw new IllegalStateException("output shows nothing: output=" + scanout.id());
        }
        Path parent = file.toAbsolutePath().getParent();
        Path partial = Files.createTempFile(parent, file.getFileName().toString(), ".partial");
        try {
            try (OutputStream out = Files.newOutputStream(partial)) {
                ImageIO.write(picture, "png", out);
            }
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }
}
