// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.io.IOException;

/** What every storage says about itself, blocking ({@link BlockBackend}) or not ({@link AsyncBlockBackend}). */
public sealed interface BlockStorage extends AutoCloseable permits BlockBackend, AsyncBlockBackend {

    /** How many bytes it holds. */
    long size();

    /** Whether what was written survives the end of the process; if not, there is nothing to force. */
    default boolean isDurable() {
        return true;
    }

    /** Whether nothing can be written. */
    default boolean isReadOnly() {
        return false;
    }

    /** Whether discarding, and zeroing that may unmap, give storage back. May change from true to false. */
    default boolean canDeallocate() {
        return false;
    }

    /** Gives resources back. No device uses the storage any more. */
    @Override
    void close() throws IOException;
}
