// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.device.Counter;

/** What a file system device counts. */
public enum FsCounter implements Counter {
    /** Requests of the driver. */
    REQUESTS("requests"),
    /** Among those, requests answered with an error number; mostly of no harm, such as ENOENT. */
    ERRORS("requests answered with an error"),
    /** Sessions that drivers began. */
    SESSIONS("sessions"),
    /** Bytes that were read from files. */
    READ_BYTES("bytes read"),
    /** Bytes that were written to files. */
    WRITTEN_BYTES("bytes written"),
    /** Requests that waited for a lock. */
    LOCK_WAITS("waits for locks"),
    /** Ranges of files that the driver had mapped into the DAX window. */
    MAPPINGS("mappings"),
    /** FUSE notify messages that were sent. */
    NOTIFICATIONS("notifications"),
    /** FUSE notify messages that were dropped, because the driver was too slow to take them. */
    DROPPED_NOTIFICATIONS("notifications dropped"),
    /** Exceptions of the backend that have no error number. */
    BACKEND_FAULTS("faults of the backend");

    private final String label;

    FsCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
