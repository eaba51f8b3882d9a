// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

/**
 * A stream as its backend sees it, from PREPARE to RELEASE.
 *
 * <p>No method may block: what the host does slowly it does on a thread of its own, as {@link
 * io.virtio4j.sound.backend.BufferedOutput} has one. Methods are called by several threads, but one at a time for
 * data, and {@link #close()} last of all. What they throw is counted and logged, and the driver is told with
 * VIRTIO_SND_S_IO_ERR.
 */
public interface PcmLine extends AutoCloseable {

    /** The stream runs from now on, or again. [VIRTIO_SND_R_PCM_START] */
    default void start() {}

    /** The stream pauses; it may start again. [VIRTIO_SND_R_PCM_STOP] */
    default void stop() {}

    /**
     * How many bytes are between the device and the world: written and not heard yet, or recorded and not read
     * yet. What the driver is told as {@code latency_bytes}.
     */
    default long delay() {
        return 0;
    }

    /** The stream was released, or the device was reset. */
    @Override
    void close();
}
