// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

/**
 * Where a driver finds a region that the device shares. [Shared Memory Regions]
 *
 * @param id the {@code shmid}
 * @param base the first address, as the transport states it: guest-physical, or on the bus
 * @param length bytes
 */
public record SharedMemory(int id, long base, long length) {}
