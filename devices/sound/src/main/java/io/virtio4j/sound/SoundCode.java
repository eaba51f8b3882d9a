// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** The values of {@code struct virtio_snd_hdr}. [Sound Device / Device Operation] */
final class SoundCode {

    // Jack control request types.
    static final int JACK_INFO = 1;
    static final int JACK_REMAP = 2;

    // PCM control request types.
    static final int PCM_INFO = 0x0100;
    static final int PCM_SET_PARAMS = 0x0101;
    static final int PCM_PREPARE = 0x0102;
    static final int PCM_RELEASE = 0x0103;
    static final int PCM_START = 0x0104;
    static final int PCM_STOP = 0x0105;

    // Channel map control request types.
    static final int CHMAP_INFO = 0x0200;

    // Control element request types.
    static final int CTL_INFO = 0x0300;
    static final int CTL_ENUM_ITEMS = 0x0301;
    static final int CTL_READ = 0x0302;
    static final int CTL_WRITE = 0x0303;
    static final int CTL_TLV_READ = 0x0304;
    static final int CTL_TLV_WRITE = 0x0305;
    static final int CTL_TLV_COMMAND = 0x0306;

    // Event types.
    static final int EVT_JACK_CONNECTED = 0x1000;
    static final int EVT_JACK_DISCONNECTED = 0x1001;
    static final int EVT_PCM_PERIOD_ELAPSED = 0x1100;
    static final int EVT_PCM_XRUN = 0x1101;
    static final int EVT_CTL_NOTIFY = 0x1200;

    // Common status codes.
    static final int OK = 0x8000;
    static final int BAD_MSG = 0x8001;
    static final int NOT_SUPP = 0x8002;
    static final int IO_ERR = 0x8003;

    private SoundCode() {}
}
