// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * All attributes of a file, as {@code statx(2)} tells them. An object that is lent to a backend to be filled in, so
 * that asking for attributes allocates nothing; fields are plain. Times are seconds since 1970 and nanoseconds.
 */
public final class FsAttributes {

    /** {@link #statxAttributes}: the file can only be appended to. */
    public static final long APPEND = 0x20;
    /** {@link #statxAttributes}: the file cannot be changed. */
    public static final long IMMUTABLE = 0x10;
    /** {@link #statxAttributes}: the directory is the root of a mount. */
    public static final long MOUNT_ROOT = 0x2000;

    /** The number of the file; unique in its device. */
    public long inode;
    /** Type and permissions, see {@link FsMode}. */
    public int mode;
    /** How many names it has. */
    public long links;
    /** Its user, in the numbering of the backend. */
    public long user;
    /** Its group, in the numbering of the backend. */
    public long group;
    /** Bytes. */
    public long size;
    /** Space in units of 512 bytes. */
    public long blocks;
    /** Bytes that are best moved at once. */
    public long blockSize;
    /** The major number that a device node names. */
    public long nodeMajor;
    /** The minor number that a device node names. */
    public long nodeMinor;
    /** The major number of the device that the file is in. */
    public long deviceMajor;
    /** The minor number of the device that the file is in. */
    public long deviceMinor;

    /** Last access, seconds. */
    public long accessSeconds;
    /** Last access, nanoseconds. */
    public int accessNanos;
    /** Last change of data, seconds. */
    public long modifySeconds;
    /** Last change of data, nanoseconds. */
    public int modifyNanos;
    /** Last change of attributes, seconds. */
    public long changeSeconds;
    /** Last change of attributes, nanoseconds. */
    public int changeNanos;
    /** Creation, seconds. */
    public long birthSeconds;
    /** Creation, nanoseconds. */
    public int birthNanos;
    /** Whether the time of creation is known. */
    public boolean hasBirth;

    /** STATX_ATTR bits of the file. */
    public long statxAttributes;
    /** Which of these bits the backend knows about. */
    public long statxAttributesKnown;

    /** The driver is to show it as the root of a mount of its own, with numbers of files of its own. */
    public boolean submount;

    /** Creates attributes of nothing. */
    public FsAttributes() {}

    /** Back to those of nothing, before it is lent. */
    public FsAttributes clear() {
        inode = links = user = group = size = blocks = 0;
        nodeMajor = nodeMinor = deviceMajor = deviceMinor = 0;
        accessSeconds = modifySeconds = changeSeconds = birthSeconds = 0;
        mode = accessNanos = modifyNanos = changeNanos = birthNanos = 0;
        blockSize = 4096;
        statxAttributes = statxAttributesKnown = 0;
        hasBirth = submount = false;
        return this;
    }

    /** Makes all attributes those of another. */
    public void set(FsAttributes other) {
        inode = other.inode;
        mode = other.mode;
        links = other.links;
        user = other.user;
        group = other.group;
        size = other.size;
        blocks = other.blocks;
        blockSize = other.blockSize;
        nodeMajor = other.nodeMajor;
        nodeMinor = other.nodeMinor;
        deviceMajor = other.deviceMajor;
        deviceMinor = other.deviceMinor;
        accessed(other.accessSeconds, other.accessNanos);
        modified(other.modifySeconds, other.modifyNanos);
        changed(other.changeSeconds, other.changeNanos);
        birthSeconds = other.birthSeconds;
        birthNanos = other.birthNanos;
        hasBirth = other.hasBirth;
        statxAttributes = other.statxAttributes;
        statxAttributesKnown = other.statxAttributesKnown;
        submount = other.submount;
    }

    /** Sets the time of the last access. */
    public void accessed(long seconds, int nanos) {
        accessSeconds = seconds;
        accessNanos = nanos;
    }

    /** Sets the time of the last change of data. */
    public void modified(long seconds, int nanos) {
        modifySeconds = seconds;
        modifyNanos = nanos;
    }

    /** Sets the time of the last change of attributes. */
    public void changed(long seconds, int nanos) {
        changeSeconds = seconds;
        changeNanos = nanos;
    }

    /** Sets the time of creation, which is known then. */
    public void born(long seconds, int nanos) {
        birthSeconds = seconds;
        birthNanos = nanos;
        hasBirth = true;
    }
}
