// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * What the host should know about its storage.
 *
 * @param kind what happened
 * @param offset where, in bytes; 0 for a force
 * @param length how many bytes were asked for; 0 for a force
 * @param cause what the backend threw
 */
public record BlockFault(Kind kind, long offset, long length, Throwable cause) {

    /** Kinds of faults. */
    public enum Kind {
        /** A read failed; the request was answered IOERR, and the device goes on. */
        READ,
        /** A write, zeroing, discard or erasure failed; as above. */
        WRITE,
        /**
         * A force failed: what was written before may be lost, and the host's kernel will not say so again. From
         * now on every flush and every write that has to be durable is answered IOERR, until {@link
         * BlockDevice#replaceBackend}.
         */
        FORCE,
        /** The zones' states could not be stored; as {@link #FORCE}. */
        ZONES,
        /** The lifetime could not be found out. */
        LIFETIME
    }
}
