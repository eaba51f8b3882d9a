// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.desktop;

import io.virtio4j.gpu.Scanout;
import io.virtio4j.gpu.ScanoutListener;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An image that follows what an output shows: nothing but what changed is copied.
 *
 * <p>The driver changes it at any time. {@link #snapshot} is an image that stays as it is.
 */
public final class ScanoutImage implements AutoCloseable {

    private final Scanout scanout;
    private final Consumer<@Nullable Rectangle> onChange;
    private final Follower follower = new Follower();

    /** Replaced as a whole when the size changes. */
    private volatile @Nullable BufferedImage image;

    /** Begins to follow an output. */
    public ScanoutImage(Scanout scanout) {
        this(scanout, area -> {});
    }

    /**
     * Begins to follow an output.
     *
     * @param onChange told of each area that changed, and of {@code null} when there is another image; on the threads
     *     that serve the device, so it must not wait for anything
     */
    public ScanoutImage(Scanout scanout, Consumer<@Nullable Rectangle> onChange) {
        this.scanout = scanout;
        this.onChange = onChange;
        scanout.addListener(follower);
        follower.changed(scanout);
        follower.copyAll();
    }

    /** The image, of type {@code TYPE_INT_RGB}; {@code null} if the output shows nothing. */
    public @Nullable BufferedImage image() {
        return image;
    }

    /** A copy of what an output shows now, with its cursor; {@code null} if it shows nothing. */
    public static @Nullable BufferedImage snapshot(Scanout scanout) {
        while (true) {
            int width = scanout.width();
            int height = scanout.height();
            if (width == 0 || height == 0) {
                return null;
            }
            BufferedImage copy = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            if (scanout.read(0, 0, width, height, pixels(copy), 0, width)) {
                return copy;
            }
            if (scanout.width() == width && scanout.height() == height) {
                return null; // the guest's memory behind it is gone
            }
        }
    }

    private static int[] pixels(BufferedImage image) {
        return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    }

    /** Ends following. */
    @Override
    public void close() {
        scanout.removeListener(follower);
    }

    /** Holds no lock: several threads of the device may come at once, and reading takes the device's. */
    private final class Follower implements ScanoutListener {

        @Override
        public void changed(Scanout from) {
            int width = from.width();
            int height = from.height();
            image = width == 0 || height == 0 ? null : new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            onChange.accept(null);
        }

        @Override
        public void damaged(Scanout from, int x, int y, int width, int height) {
            BufferedImage target = image;
            if (target != null && x + width <= target.getWidth() && y + height <= target.getHeight()
                    && from.read(x, y, width, height, pixels(target), y * target.getWidth() + x, target.getWidth())) {
                onChange.accept(new Rectangle(x, y, width, height));
            }
        }

        private void copyAll() {
            BufferedImage target = image;
            if (target != null) {
                damaged(scanout, 0, 0, target.getWidth(), target.getHeight());
            }
        }
    }
}
