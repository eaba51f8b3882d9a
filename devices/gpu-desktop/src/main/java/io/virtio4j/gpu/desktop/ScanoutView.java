// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.desktop;

import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.Scanout;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Graphics;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import javax.swing.JComponent;
import javax.swing.JFrame;
import javax.swing.SwingUtilities;
import javax.swing.WindowConstants;
import org.jspecify.annotations.Nullable;

/**
 * A Swing component that shows an output, pixel for pixel. To be made and used on the event dispatch thread, as all of
 * Swing is; the device's threads only tell it what to draw again.
 */
public final class ScanoutView extends JComponent {

    private static final long serialVersionUID = 1L;

    private final transient Scanout scanout;
    private transient @Nullable ScanoutImage picture;

    /** Creates a view; it follows the output while it is in a window that exists. */
    public ScanoutView(Scanout scanout) {
        this.scanout = scanout;
        setOpaque(true);
        setBackground(Color.BLACK);
    }

    /** Opens a window with a view of an output. Any thread. */
    public static void open(Scanout scanout, String title) {
        SwingUtilities.invokeLater(() -> {
            JFrame frame = new JFrame(title);
            frame.setDefaultCloseOperation(WindowConstants.DISPOSE_ON_CLOSE);
            frame.add(new ScanoutView(scanout));
            frame.pack();
            frame.setVisible(true);
        });
    }

    @Override
    public void addNotify() {
        super.addNotify();
        picture = new ScanoutImage(scanout, this::changed);
        revalidate();
    }

    @Override
    public void removeNotify() {
        ScanoutImage followed = picture;
        if (followed != null) {
            followed.close();
            picture = null;
        }
        super.removeNotify();
    }

    /** On a thread of the device. */
    private void changed(@Nullable Rectangle area) {
        if (area != null) {
            repaint(area);
        } else {
            SwingUtilities.invokeLater(() -> {
                revalidate();
                repaint();
            });
        }
    }

    @Override
    public Dimension getPreferredSize() {
        if (scanout.isOn()) {
            return new Dimension(scanout.width(), scanout.height());
        }
        Monitor monitor = scanout.monitor();
        return monitor == null ? new Dimension(640, 480) : new Dimension(monitor.width(), monitor.height());
    }

    @Override
    protected void paintComponent(Graphics graphics) {
        ScanoutImage followed = picture;
        BufferedImage image = followed == null ? null : followed.image();
        if (image == null || image.getWidth() < getWidth() || image.getHeight() < getHeight()) {
            graphics.setColor(getBackground());
            graphics.fillRect(0, 0, getWidth(), getHeight());
        }
        if (image != null) {
            graphics.drawImage(image, 0, 0, null);
        }
    }
}
