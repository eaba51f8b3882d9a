// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** Features of a stream, VIRTIO_SND_PCM_F_*; the ordinal is the bit. [VIRTIO_SND_R_PCM_INFO] */
public enum PcmFeature {
    /** Shares memory of the host: a placeholder of the specification, never offered. */
    SHMEM_HOST,
    /** Shares memory of the guest: a placeholder of the specification, never offered. */
    SHMEM_GUEST,
    /** The device looks for I/O messages by itself while the stream runs. */
    MSG_POLLING,
    /** The device sends an event for each period. Meant for shared memory; messages tell as much. */
    EVT_SHMEM_PERIODS,
    /** The device sends an event for each underrun and overrun. */
    EVT_XRUNS;

    int mask() {
        return 1 << ordinal();
    }
}
