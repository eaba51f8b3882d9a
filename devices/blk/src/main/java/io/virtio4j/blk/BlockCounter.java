// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.Counter;

/** What a block device counts; the label says what. */
public enum BlockCounter implements Counter {
    /** IN requests answered OK. */
    READS("reads answered OK"),
    /** Bytes of those. */
    READ_BYTES("bytes read"),
    /** OUT and ZONE_APPEND requests answered OK. */
    WRITES("writes answered OK"),
    /** Bytes of those. */
    WRITTEN_BYTES("bytes written"),
    /** FLUSH requests answered OK. */
    FLUSHES("flushes answered OK"),
    /** DISCARD, WRITE_ZEROES and SECURE_ERASE requests answered OK. */
    RANGES("discards, zeroings and erasures answered OK"),
    /** All other requests answered OK. */
    OTHERS("other requests answered OK"),
    /** Requests answered IOERR. */
    ERRORS("requests answered IOERR"),
    /** Requests answered UNSUPP. */
    UNSUPPORTED("requests answered UNSUPP"),
    /** Requests answered with one of the four statuses of zones. */
    ZONE_ERRORS("requests refused by a zone"),
    /** Errors of the backend. */
    BACKEND_ERRORS("errors of the backend"),
    /** Requests that waited: for a turn, for a zone, or for a buffer. */
    DELAYED("requests that waited for a turn, a zone or a buffer");

    private final String label;

    BlockCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
