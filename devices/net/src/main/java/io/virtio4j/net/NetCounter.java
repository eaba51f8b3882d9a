// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.Counter;

/** What a network device counts, for each queue pair. [Device Statistics] */
public enum NetCounter implements Counter {
    /** Packets passed to the driver. */
    RX_PACKETS("packets received"),
    /** Bytes of those, with the Ethernet header. */
    RX_BYTES("bytes received"),
    /** Packets on their way to a receive queue that were dropped, for whatever reason. */
    RX_DROPS("packets not received"),
    /** Among those, packets for which the driver had no buffers. */
    RX_DROP_OVERRUNS("packets not received for want of buffers"),
    /** Packets that no filter of the driver's let through; they count for no queue. */
    RX_FILTERED("packets filtered"),
    /** Packets passed on with DATA_VALID. */
    RX_CSUM_VALID("packets received, checksum validated"),
    /** Packets passed on with NEEDS_CSUM. */
    RX_NEEDS_CSUM("packets received, checksum partial"),
    /** Packets passed on with neither. */
    RX_CSUM_NONE("packets received, nothing said about the checksum"),
    /** Packets dropped since what was to be done for them did not fit them. */
    RX_MALFORMED("malformed packets not received"),
    /** Packets passed to the driver that it segments. */
    RX_GSO_PACKETS("large packets received"),
    /** Bytes of those. */
    RX_GSO_BYTES("bytes of large packets received"),
    /** Packets given to the backend. */
    TX_PACKETS("packets transmitted"),
    /** Bytes of those. */
    TX_BYTES("bytes transmitted"),
    /** Packets of the driver that were dropped, for whatever reason. */
    TX_DROPS("packets not transmitted"),
    /** Among those, packets whose buffer or header cannot be. */
    TX_DROP_MALFORMED("malformed packets not transmitted"),
    /** Packets of the driver that were complete. */
    TX_CSUM_NONE("packets to transmit, checksum complete"),
    /** Packets of the driver with a partial checksum. */
    TX_NEEDS_CSUM("packets to transmit, checksum partial"),
    /** Packets of the driver that were to be segmented, and were transmitted. */
    TX_GSO_PACKETS("large packets transmitted"),
    /** Bytes of those. */
    TX_GSO_BYTES("bytes of large packets transmitted"),
    /** Packets that the device made of large ones. */
    TX_GSO_SEGMENTS("segments made"),
    /** Bytes of those. */
    TX_GSO_SEGMENTS_BYTES("bytes of segments made"),
    /** Large packets that the backend took as they were. */
    TX_GSO_PACKETS_NOSEG("large packets passed on"),
    /** Bytes of those. */
    TX_GSO_BYTES_NOSEG("bytes of large packets passed on"),
    /** Commands on the control queue. */
    COMMANDS("control commands"),
    /** Commands answered OK. */
    COMMANDS_OK("control commands answered OK");

    private final String label;

    NetCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
