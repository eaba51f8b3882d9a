// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the states of zones for the next life of a disk: {@link ZoneFile}, or a place of your own. Called by
 * one thread at a time.
 *
 * <p>States are stored by each force, after the data they tell of, and after a zone was reset or finished.
 */
public interface ZoneStore {

    /** What was stored last; {@code null} if nothing was. */
    byte @Nullable [] load() throws IOException;

    /**
     * Replaces what is stored. Durable when it returns; after a crash, {@link #load} finds either the old or
     * the new one, whole.
     */
    void store(byte[] zones) throws IOException;
}
