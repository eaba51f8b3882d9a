// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** Told once when an AsyncBlockBackend has finished an operation. Any thread; never blocks. */
public interface BlockCompletion {

    /** All of it was done. */
    void succeeded();

    /** Not all of it was done; the request is answered with IOERR. */
    void failed(Throwable cause);

    /**
     * Whether nobody waits for the operation any more, because its queue was reset. A backend may then leave
     * it out, and still says so here: the buffer stays with the backend until then.
     */
    default boolean isCancelled() {
        return false;
    }
}
