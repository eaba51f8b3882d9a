// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/** How large and how full a file system is, as {@code statvfs(3)} tells it; filled in by a backend. */
public final class FsStatistics {

    /** Bytes of a fragment: the unit of the counts of blocks. */
    public long fragmentSize = 4096;
    /** Bytes that are best moved at once. */
    public long blockSize = 4096;
    /** How many fragments there are. */
    public long blocks;
    /** How many are free. */
    public long freeBlocks;
    /** How many are free for those without privileges. */
    public long availableBlocks;
    /** How many files there can be. */
    public long files;
    /** How many more there can be. */
    public long freeFiles;
    /** The most bytes of a name. */
    public long nameLength = FsName.LONGEST;

    /** Creates statistics of an empty file system. */
    public FsStatistics() {}
}
