// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

/**
 * What a driver has chosen for a stream. [VIRTIO_SND_R_PCM_SET_PARAMS]
 *
 * @param format of a sample
 * @param rate frames in a second
 * @param channels samples in a frame
 * @param bufferBytes the size of the driver's buffer; a multiple of {@code periodBytes}
 * @param periodBytes the size of its periods; whole frames
 */
public record PcmParameters(PcmFormat format, PcmRate rate, int channels, int bufferBytes, int periodBytes) {

    /** Checks that frames are whole bytes, and periods whole frames. */
    public PcmParameters {
        int frame = channels * format.bytes();
        if (frame <= 0 || periodBytes <= 0 || periodBytes % frame != 0 || bufferBytes % periodBytes != 0
                || bufferBytes <= 0) {
            throw new IllegalArgumentException("a buffer has periods, and a period has frames: format=" + format
                    + " channels=" + channels + " periodBytes=" + periodBytes + " bufferBytes=" + bufferBytes);
        }
    }

    /** Parameters with a buffer of so many milliseconds in four periods, such as a test or an adapter needs. */
    public static PcmParameters of(PcmFormat format, PcmRate rate, int channels, int bufferMillis) {
        int period = Math.max(1, rate.hertz() * bufferMillis / 4_000) * channels * format.bytes();
        return new PcmParameters(format, rate, channels, 4 * period, period);
    }

    /** The bytes of a frame. */
    public int frameBytes() {
        return channels * format.bytes();
    }

    /** The frames of a period. */
    public int periodFrames() {
        return periodBytes / frameBytes();
    }

    /** The bytes of a second. */
    public int bytesPerSecond() {
        return rate.hertz() * frameBytes();
    }
}
