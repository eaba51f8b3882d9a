// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

/** Frame rates, VIRTIO_SND_PCM_RATE_*; the ordinal is the value on the wire. [VIRTIO_SND_R_PCM_INFO] */
public enum PcmRate {
    /** 5512 Hz. */
    HZ_5512(5_512),
    /** 8 kHz. */
    HZ_8000(8_000),
    /** 11.025 kHz. */
    HZ_11025(11_025),
    /** 16 kHz. */
    HZ_16000(16_000),
    /** 22.05 kHz. */
    HZ_22050(22_050),
    /** 32 kHz. */
    HZ_32000(32_000),
    /** 44.1 kHz. */
    HZ_44100(44_100),
    /** 48 kHz. */
    HZ_48000(48_000),
    /** 64 kHz. */
    HZ_64000(64_000),
    /** 88.2 kHz. */
    HZ_88200(88_200),
    /** 96 kHz. */
    HZ_96000(96_000),
    /** 176.4 kHz. */
    HZ_176400(176_400),
    /** 192 kHz. */
    HZ_192000(192_000),
    /** 384 kHz. */
    HZ_384000(384_000),
    /** 12 kHz, since 1.4. */
    HZ_12000(12_000),
    /** 24 kHz, since 1.4. */
    HZ_24000(24_000);

    private final int hertz;

    PcmRate(int hertz) {
        this.hertz = hertz;
    }

    /** Frames in a second. */
    public int hertz() {
        return hertz;
    }
}
