// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.Counter;

/** What a sound device counts; the label says what. */
public enum SoundCounter implements Counter {
    /** Control requests answered OK. */
    REQUESTS("control requests answered OK"),
    /** Control requests answered with an error. */
    REQUEST_ERRORS("control requests answered with an error"),
    /** I/O messages of output streams that were played whole. */
    PLAYED("messages played"),
    /** Bytes of those. */
    PLAYED_BYTES("bytes played"),
    /** I/O messages of input streams that were filled. */
    RECORDED("messages recorded"),
    /** Bytes of those. */
    RECORDED_BYTES("bytes recorded"),
    /** I/O messages answered with an error because they are not what the stream can take. */
    MESSAGE_ERRORS("messages that are invalid"),
    /** I/O messages that were pending when their stream was released. */
    RELEASED("messages returned by a release"),
    /** Times that a running output stream had nothing more to play, its end included. */
    UNDERRUNS("times nothing was there to play"),
    /** Of those: times that something came afterwards, so that silence was heard in the middle. */
    GAPS("silences in the middle of playback"),
    /** Frames of those silences. */
    SILENT_FRAMES("frames of silence in the middle of playback"),
    /** Times that a running input stream had no room for what was recorded. */
    OVERRUNS("times no room was there to record"),
    /** Frames that were lost by those. */
    LOST_FRAMES("frames lost for want of room"),
    /** Bytes of silence that an input stream recorded, because its backend had nothing. */
    MISSING_BYTES("bytes that an input did not have"),
    /** Events that the driver was told of. */
    EVENTS("events"),
    /** Events that became one with another, because the driver had no buffer for it yet. */
    MERGED_EVENTS("events merged for want of buffers"),
    /** Failures of backends. */
    BACKEND_ERRORS("failures of backends");

    private final String label;

    SoundCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
