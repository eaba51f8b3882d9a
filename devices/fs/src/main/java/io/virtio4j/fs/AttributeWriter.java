// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseWire.Attr;
import io.virtio4j.fs.FuseWire.AttrOut;
import io.virtio4j.fs.FuseWire.EntryOut;
import io.virtio4j.fs.FuseWire.Statx;
import io.virtio4j.fs.FuseWire.StatxOut;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsMode;
import java.time.Duration;

/** Writes attributes into replies, as the driver is to see them. */
final class AttributeWriter {

    /** {@code struct fuse_entry_out} with its attributes. */
    static final int ENTRY = EntryOut.SIZE + Attr.SIZE;

    private static final int ATTR_SUBMOUNT = 1;
    private static final int ATTR_DAX = 1 << 1;

    private static final int STATX_BASIC_STATS = 0x7FF;
    private static final int STATX_BTIME = 0x800;

    private final FsDeviceBuilder options;
    private final long entrySeconds;
    private final int entryNanos;
    private final long attributeSeconds;
    private final int attributeNanos;
    private final Duration negative;

    AttributeWriter(FsDeviceBuilder options) {
        this.options = options;
        entrySeconds = options.entryTimeout.toSeconds();
        entryNanos = options.entryTimeout.toNanosPart();
        attributeSeconds = options.attributeTimeout.toSeconds();
        attributeNanos = options.attributeTimeout.toNanosPart();
        negative = options.negativeTimeout;
    }

    /** Whether there being nothing of a name is worth being remembered by the driver. */
    boolean remembersNothing() {
        return !negative.isZero();
    }

    /** Nothing has the name, for a while. */
    void nothing(Fields out, int at) {
        out.at(at).clear(ENTRY);
        out.set(EntryOut.ENTRY_VALID, negative.toSeconds());
        out.set(EntryOut.ENTRY_VALID_NSEC, negative.toNanosPart());
    }

    /** {@code struct fuse_entry_out} */
    void entry(Fields out, int at, long nodeId, FsAttributes from) {
        out.at(at);
        out.set(EntryOut.NODEID, nodeId);
        out.set(EntryOut.GENERATION, 0); // numbers are not given twice
        out.set(EntryOut.ENTRY_VALID, entrySeconds);
        out.set(EntryOut.ATTR_VALID, attributeSeconds);
        out.set(EntryOut.ENTRY_VALID_NSEC, entryNanos);
        out.set(EntryOut.ATTR_VALID_NSEC, attributeNanos);
        attr(out, at + EntryOut.SIZE, from);
    }

    /** {@code struct fuse_attr_out} */
    void attributes(Fields out, int at, FsAttributes from) {
        out.at(at);
        out.set(AttrOut.ATTR_VALID, attributeSeconds);
        out.set(AttrOut.ATTR_VALID_NSEC, attributeNanos);
        out.set(AttrOut.DUMMY, 0);
        attr(out, at + AttrOut.SIZE, from);
    }

    private void attr(Fields out, int at, FsAttributes from) {
        out.at(at);
        out.set(Attr.INO, from.inode);
        out.set(Attr.SIZE_FIELD, from.size);
        out.set(Attr.BLOCKS, from.blocks);
        out.set(Attr.ATIME, from.accessSeconds);
        out.set(Attr.MTIME, from.modifySeconds);
        out.set(Attr.CTIME, from.changeSeconds);
        out.set(Attr.ATIMENSEC, from.accessNanos);
        out.set(Attr.MTIMENSEC, from.modifyNanos);
        out.set(Attr.CTIMENSEC, from.changeNanos);
        out.set(Attr.MODE, from.mode);
        out.set(Attr.NLINK, from.links);
        out.set(Attr.UID, options.users.toGuest(from.user));
        out.set(Attr.GID, options.groups.toGuest(from.group));
        out.set(Attr.RDEV, deviceNumber(from.nodeMajor, from.nodeMinor));
        out.set(Attr.BLKSIZE, from.blockSize);
        out.set(Attr.FLAGS, (from.submount ? ATTR_SUBMOUNT : 0)
                | (options.hasDax() && FsMode.isRegular(from.mode) ? ATTR_DAX : 0));
    }

    /** {@code struct fuse_statx_out} */
    void statx(Fields out, int at, FsAttributes from) {
        out.at(at).clear(StatxOut.SIZE + Statx.SIZE);
        out.set(StatxOut.ATTR_VALID, attributeSeconds);
        out.set(StatxOut.ATTR_VALID_NSEC, attributeNanos);
        out.at(at + StatxOut.SIZE);
        out.set(Statx.MASK, STATX_BASIC_STATS | (from.hasBirth ? STATX_BTIME : 0));
        out.set(Statx.BLKSIZE, from.blockSize);
        out.set(Statx.ATTRIBUTES, from.statxAttributes);
        out.set(Statx.NLINK, from.links);
        out.set(Statx.UID, options.users.toGuest(from.user));
        out.set(Statx.GID, options.groups.toGuest(from.group));
        out.set(Statx.MODE, from.mode);
        out.set(Statx.INO, from.inode);
        out.set(Statx.SIZE_FIELD, from.size);
        out.set(Statx.BLOCKS, from.blocks);
        out.set(Statx.ATTRIBUTES_MASK, from.statxAttributesKnown);
        out.set(Statx.ATIME_SEC, from.accessSeconds);
        out.set(Statx.ATIME_NSEC, from.accessNanos);
        out.set(Statx.BTIME_SEC, from.birthSeconds);
        out.set(Statx.BTIME_NSEC, from.birthNanos);
        out.set(Statx.CTIME_SEC, from.changeSeconds);
        out.set(Statx.CTIME_NSEC, from.changeNanos);
        out.set(Statx.MTIME_SEC, from.modifySeconds);
        out.set(Statx.MTIME_NSEC, from.modifyNanos);
        out.set(Statx.RDEV_MAJOR, from.nodeMajor);
        out.set(Statx.RDEV_MINOR, from.nodeMinor);
        out.set(Statx.DEV_MAJOR, from.deviceMajor);
        out.set(Statx.DEV_MINOR, from.deviceMinor);
    }

    /** As Linux puts a device number into 32 bits. */
    static long deviceNumber(long major, long minor) {
        return minor & 0xFF | (major & 0xFFF) << 8 | (minor & 0xFFF00) << 12;
    }

    static long major(long deviceNumber) {
        return deviceNumber >>> 8 & 0xFFF;
    }

    static long minor(long deviceNumber) {
        return deviceNumber & 0xFF | deviceNumber >>> 12 & 0xFFF00;
    }
}
