// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/**
 * What Linux says about a file system: {@code statfs(2)}.
 *
 * @param type the magic number of the kind of file system
 * @param blockSize the preferred size of an access in bytes
 * @param fragmentSize the unit of the counts of blocks, in bytes
 * @param blocks how many there are
 * @param freeBlocks how many are free
 * @param availableBlocks how many are free for who is not privileged
 * @param files how many files there can be
 * @param freeFiles how many more
 * @param nameLength bytes of the longest name
 */
public record FileSystemStatus(long type, long blockSize, long fragmentSize, long blocks, long freeBlocks,
        long availableBlocks, long files, long freeFiles, long nameLength) {}
