// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.device.Counter;

/** What a memory device counts. */
public enum MemCounter implements Counter {
    /** Requests of the driver that were answered. */
    REQUESTS("requests"),
    /** Among those, requests answered VIRTIO_MEM_RESP_ERROR: the driver asked for what cannot be. */
    ERRORS("requests answered with an error"),
    /** Among those, requests answered NACK or BUSY: not now. */
    REFUSED("requests refused"),
    /** Memory blocks that were plugged. */
    PLUGGED("blocks plugged"),
    /** Memory blocks that were unplugged. */
    UNPLUGGED("blocks unplugged"),
    /** Bytes that were given back to the host. */
    RELEASED("bytes given back"),
    /** Times that memory could not be given back. */
    RELEASE_ERRORS("errors of giving back");

    private final String label;

    MemCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
