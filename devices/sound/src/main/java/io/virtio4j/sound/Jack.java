// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A jack of a sound device, into which something is plugged or not. [Jack Control Messages]
 *
 * <p>It is described as a pin of High Definition Audio is: by the registers of its default configuration and of
 * its capabilities. Safe for use by any thread; belongs to one device.
 */
public final class Jack {

    // Pin capabilities.
    private static final int PRESENCE_DETECT = 1 << 2;
    private static final int HEADPHONE_DRIVE = 1 << 3;
    private static final int OUTPUT = 1 << 4;
    private static final int INPUT = 1 << 5;

    /** Default configuration: a jack, of 3.5 mm, at the front of the case. */
    private static final int FRONT_MINI_JACK = 0x02 << 24 | 0x1 << 16;
    private static final int DEVICE_SHIFT = 20;
    private static final int MASK = 0xF;
    private static final int ASSOCIATION_SHIFT = 4;

    private final int node;
    private final int configured;
    private final int capabilities;
    private final boolean remappable;

    private volatile int defaultConfiguration;
    private volatile boolean connected;
    private volatile Runnable notify = () -> {};
    private volatile @Nullable Consumer<Jack> onRemap;

    /**
     * Describes a jack.
     *
     * @param node the function group, {@code hda_fn_nid}
     * @param defaultConfiguration the register Pin Default Configuration, bits as in High Definition Audio
     * @param capabilities the register Pin Capabilities
     * @param remappable whether the driver may change association and sequence
     */
    public Jack(int node, int defaultConfiguration, int capabilities, boolean remappable) {
        this.node = node;
        this.configured = defaultConfiguration;
        this.defaultConfiguration = defaultConfiguration;
        this.capabilities = capabilities;
        this.remappable = remappable;
    }

    /** A jack for headphones at node 0. */
    public static Jack headphones() {
        return front(0x2, OUTPUT | HEADPHONE_DRIVE, 1);
    }

    /** A jack that sends a line at node 0. */
    public static Jack lineOut() {
        return front(0x0, OUTPUT, 2);
    }

    /** A jack for a microphone at node 0. */
    public static Jack microphone() {
        return front(0xA, INPUT, 3);
    }

    /** A jack that receives a line at node 0. */
    public static Jack lineIn() {
        return front(0x8, INPUT, 4);
    }

    private static Jack front(int device, int capabilities, int association) {
        return new Jack(0, FRONT_MINI_JACK | device << DEVICE_SHIFT | association << ASSOCIATION_SHIFT,
                capabilities | PRESENCE_DETECT, true);
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** Something is plugged in: tells the driver if that is new. */
    public void plug() {
        change(true);
    }

    /** Nothing is plugged in any more: tells the driver if that is new. */
    public void unplug() {
        change(false);
    }

    private void change(boolean now) {
        boolean changed;
        synchronized (this) {
            changed = connected != now;
            connected = now;
        }
        if (changed) {
            notify.run();
        }
    }

    /** Whether something is plugged in. */
    public boolean isConnected() {
        return connected;
    }

    /** The association number: jacks that have the same belong together. */
    public int association() {
        return defaultConfiguration >>> ASSOCIATION_SHIFT & MASK;
    }

    /** The place among those of the same association. */
    public int sequence() {
        return defaultConfiguration & MASK;
    }

    /** Learns of each change of association and sequence by the driver, on a thread that must not be blocked. */
    public Jack onRemap(Consumer<Jack> listener) {
        onRemap = listener;
        return this;
    }

    // ── For the device ─────────────────────────────────────────────────────

    void attach(Runnable notifyDriver) {
        notify = notifyDriver;
    }

    int node() {
        return node;
    }

    boolean isRemappable() {
        return remappable;
    }

    int capabilities() {
        return capabilities;
    }

    int defaultConfiguration() {
        return defaultConfiguration;
    }

    /** Whether association and sequence fit their fields; if so, they hold from now on. */
    boolean remap(long association, long sequence) {
        if (association > MASK || sequence > MASK) {
            return false;
        }
        defaultConfiguration = defaultConfiguration & ~0xFF | (int) association << ASSOCIATION_SHIFT | (int) sequence;
        Consumer<Jack> listener = onRemap;
        if (listener != null) {
            listener.accept(this);
        }
        return true;
    }

    /** Association and sequence, as a byte. */
    int mapping() {
        return defaultConfiguration & 0xFF;
    }

    void reset() {
        defaultConfiguration = configured;
    }
}
