// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.lang.foreign.MemorySegment;

/**
 * Memory in a BAR, which an embedder may map for the driver instead of passing each access on. Accesses through {@link
 * PciFunction#readBar} and {@link PciFunction#writeBar} reach the same bytes.
 *
 * @param bar the index of the BAR
 * @param offset bytes from the start of the BAR
 * @param segment the memory
 */
public record BarMemory(int bar, long offset, MemorySegment segment) {}
