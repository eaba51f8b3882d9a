// SPDX-License-Identifier: Apache-2.0

/**
 * Guest memory as one device sees it.
 *
 * <p>{@link io.virtio4j.core.memory.GuestMemory} is a changing set of regions. Each change publishes a
 * new, immutable {@link io.virtio4j.core.memory.MemoryMap}. Whoever touches guest memory pins the
 * current map first, once per drain and once per deferred chain, never per access; a region that was
 * removed is free to be unmapped when no map that holds it is pinned. That count is the project's
 * own: closing a shared {@link java.lang.foreign.Arena} alone throws while channel I/O holds it, and
 * tells nobody when to try again.
 *
 * <p>Addresses are the driver's: guest-physical, or bus addresses where an
 * {@link io.virtio4j.core.memory.AddressTranslator} is set (ACCESS_PLATFORM). All are unsigned.
 */
@NullMarked
package io.virtio4j.core.memory;

import org.jspecify.annotations.NullMarked;
