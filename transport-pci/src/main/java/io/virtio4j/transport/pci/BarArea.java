// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where a structure is. What no area covers reads as 0.
 *
 * @param structure what is there
 * @param bar the index of the BAR
 * @param offset bytes from the start of the BAR
 * @param length bytes
 * @param memory the memory itself, if the embedder may map it for the driver instead of trapping accesses;
 *     else {@code null}
 */
public record BarArea(
        PciStructure structure, int bar, long offset, long length, @Nullable MemorySegment memory) {

    /** Whether an access lies inside. */
    boolean covers(long at, int width) {
        return at >= offset && at - offset <= length - width;
    }
}
