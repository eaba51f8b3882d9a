// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * Which attributes of a file are to change, and to what. An object that is lent. A backend changes all or, if it
 * throws, none as far as it can.
 */
public final class FsChange {

    /** {@link #mode} is set. */
    public static final int MODE = 1;
    /** {@link #user} is set. */
    public static final int USER = 1 << 1;
    /** {@link #group} is set. */
    public static final int GROUP = 1 << 2;
    /** {@link #size} is set. */
    public static final int SIZE = 1 << 3;
    /** The time of the last access is set. */
    public static final int ACCESS_TIME = 1 << 4;
    /** The time of the last change of data is set. */
    public static final int MODIFY_TIME = 1 << 5;
    /** The time of the last access is set to now. */
    public static final int ACCESS_NOW = 1 << 7;
    /** The time of the last change of data is set to now. */
    public static final int MODIFY_NOW = 1 << 8;
    /** The time of the last change of attributes is set; by a driver that caches writes. A backend may ignore it. */
    public static final int CHANGE_TIME = 1 << 10;

    /** Which of the fields count: bits of the constants. */
    public int what;
    /** Permissions, S_ISUID, S_ISGID and S_ISVTX. */
    public int mode;
    /** The user, in the numbering of the backend. A change of it or of the group drops privileges always. */
    public long user;
    /** The group, in the numbering of the backend. */
    public long group;
    /** Bytes; never negative. */
    public long size;
    /** With SIZE: the mode loses what {@link FsMode#withoutPrivileges} says. */
    public boolean dropPrivileges;
    /** Seconds since 1970. */
    public long accessSeconds;
    /** 0 to 999,999,999. */
    public int accessNanos;
    /** Seconds since 1970. */
    public long modifySeconds;
    /** 0 to 999,999,999. */
    public int modifyNanos;
    /** Seconds since 1970. */
    public long changeSeconds;
    /** 0 to 999,999,999. */
    public int changeNanos;

    /** Creates a change of nothing. */
    public FsChange() {}

    /** Whether one of these is to change. */
    public boolean has(int bits) {
        return (what & bits) != 0;
    }
}
