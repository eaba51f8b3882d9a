// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

/**
 * Learns what changes on an output. Called by the threads that serve the device's queues, of which several may call
 * at once, before a command is answered: to be brief. No lock of the device's is held, and every method of {@link
 * Scanout} may be called; the device's instance may not, since a reset waits for the end of the call.
 */
public interface ScanoutListener {

    /** It shows a picture of another size, or nothing any more. Damage of the new picture follows. */
    void changed(Scanout scanout);

    /**
     * Pixels changed: those that the driver flushed, or those below the cursor.
     *
     * @param x of the first column
     * @param y of the first row
     * @param width at least 1; all of it lies in the picture
     * @param height at least 1
     */
    void damaged(Scanout scanout, int x, int y, int width, int height);
}
