// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import java.io.IOException;

/** A line of the host's audio that may block, or hang. All methods but {@link #delay} are called by one thread. */
public interface BlockingLine extends AutoCloseable {

    /**
     * Plays frames, or records them; blocks until the host took or gave all of them.
     *
     * @param frames whole frames, from the first byte on
     * @param count how many bytes
     */
    void transfer(byte[] frames, int count) throws IOException, InterruptedException;

    /** The stream pauses, or goes on. Default: does nothing. */
    default void pause(boolean pauses) {}

    /** How many bytes are in the host's own buffers; any thread, at once. Default: 0. */
    default long delay() {
        return 0;
    }

    /** Ends it; nothing is played or recorded any more. */
    @Override
    void close();
}
