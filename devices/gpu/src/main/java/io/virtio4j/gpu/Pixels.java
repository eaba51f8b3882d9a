// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.lang.foreign.MemorySegment;

/** Bytes that can be scanned out, wherever they are. Used under the adapter's lock. */
interface Pixels {

    /** Copies bytes out. Says whether they were there; the range lies inside. */
    boolean read(long offset, MemorySegment target, long at, long count);
}
