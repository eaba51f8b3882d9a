// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/**
 * What Linux says about a file of any kind: {@code statx(2)}.
 *
 * @param mode kind and permissions, as {@code st_mode}
 * @param links how many names it has
 * @param uid the owner
 * @param gid the group
 * @param identity which file it is
 * @param size in bytes
 * @param blocks allocated, of 512 bytes
 * @param blockSize the preferred size of an access in bytes
 * @param deviceMajor of a device node
 * @param deviceMinor of a device node
 * @param accessed the last access
 * @param modified the last change of the content
 * @param changed the last change of the attributes
 * @param created the creation; {@link Time#UNKNOWN} where the file system does not keep it
 * @param flags {@code STATX_ATTR} bits, such as 0x10 for a file that cannot be changed
 * @param flagsKnown which of these bits the file system knows about
 * @param mount identifies the mount through which the file was reached; 0 before Linux 5.8
 */
public record FileAttributes(int mode, int links, int uid, int gid, FileStatus.Identity identity, long size,
        long blocks, int blockSize, int deviceMajor, int deviceMinor, Time accessed, Time modified, Time changed,
        Time created, long flags, long flagsKnown, long mount) {

    /**
     * A time.
     *
     * @param seconds since 1970, negative before
     * @param nanos 0 to 999,999,999, after the seconds
     */
    public record Time(long seconds, int nanos) {
        /** No time. */
        public static final Time UNKNOWN = new Time(0, 0);
    }

    /** {@return the kind of file, which never changes} */
    public FileStatus.Type type() {
        return FileStatus.Type.ofMode(mode);
    }
}
