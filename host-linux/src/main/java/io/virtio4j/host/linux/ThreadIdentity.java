// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * As whom the calling thread makes files: for a moment, another user than that of the process
 * ({@code setfsuid}, {@code setfsgid}, {@code setgroups} and {@code capset}, of one thread).
 *
 * <pre>{@code
 * identity.assume(uid, gid, ThreadIdentity.NO_GROUP);
 * try {
 *     directory.makeDirectory(name, mode);
 * } finally {
 *     identity.restore();
 * }
 * }</pre>
 *
 * <p>Nothing else may happen in between: the thread may neither wait nor start another, nor be handed to another task.
 * One object serves all threads of the process, which must be root of its user namespace as {@link #ofProcess} finds
 * it. As soon as it is used, Linux takes the process for one that may not be traced or dumped by others than root.
 */
public final class ThreadIdentity {
    /** No supplementary group, in {@link #assume}. */
    public static final int NO_GROUP = -1;

    private static final int CAP_CHOWN = 0;
    private static final int CAP_DAC_OVERRIDE = 1;
    private static final int CAP_FOWNER = 3;
    private static final int CAP_FSETID = 4;
    private static final int CAP_SETGID = 6;
    private static final int CAP_SETUID = 7;
    private static final int[] NEEDED = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETGID, CAP_SETUID};
    /** The capabilities that go with user 0 of {@code setfsuid}, from CAP_CHOWN to CAP_FSETID, and three more. */
    private static final long OF_FILES = 0x1f | 1L << 9 | 1L << 27 | 1L << 32;
    private static final int VERSION_3 = 0x20080522;
    private static final int GROUPS_MAX = 65_536;
    private static final int HALF = 32;

    /** {@code struct __user_cap_header_struct}, and two of {@code struct __user_cap_data_struct}. */
    private record Capabilities(long effective, long permitted, long inheritable) {
        static Capabilities ofThread() throws LinuxException {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment words = words(arena);
                LinuxNode.check(SystemCall.CAPGET, SystemCall.CAPGET.call(words.address(), words.address() + 8), 0,
                        null);
                return new Capabilities(whole(words, 2), whole(words, 3), whole(words, 4));
            }
        }

        MemorySegment with(Arena arena, long newEffective) {
            MemorySegment words = words(arena);
            long[] values = {newEffective & permitted, permitted, inheritable};
            for (int i = 0; i < values.length; i++) {
                words.setAtIndex(JAVA_INT, 2 + i, (int) values[i]);
                words.setAtIndex(JAVA_INT, 2 + values.length + i, (int) (values[i] >>> HALF));
            }
            return words;
        }

        private static MemorySegment words(Arena arena) {
            MemorySegment words = arena.allocate(JAVA_INT, 8);
            words.set(JAVA_INT, 0, VERSION_3);
            return words;
        }

        private static long whole(MemorySegment words, int index) {
            return Integer.toUnsignedLong(words.getAtIndex(JAVA_INT, index))
                    | (long) words.getAtIndex(JAVA_INT, index + 3) << HALF;
        }
    }

    private final boolean able;
    private final boolean keeper;
    private final int group;
    private final MemorySegment whole;
    private final MemorySegment asOther;
    private final MemorySegment withoutSetId;
    private final MemorySegment groups;

    private ThreadIdentity(Capabilities had, boolean able, int group, MemorySegment groups) {
        Arena arena = Arena.ofAuto();
        this.able = able;
        keeper = (had.effective >>> CAP_FSETID & 1) != 0;
        this.group = group;
        this.groups = groups;
        whole = had.with(arena, had.effective);
        asOther = had.with(arena, had.effective & ~OF_FILES | 1L << CAP_DAC_OVERRIDE);
        withoutSetId = had.with(arena, had.effective & ~(1L << CAP_FSETID));
    }

    /**
     * Looks at what the calling thread, which stands for all, may do.
     *
     * @return what puts other identities on
     * @throws LinuxException as {@code capget(2)} and {@code getgroups(2)} fail
     */
    public static ThreadIdentity ofProcess() throws LinuxException {
        Linux.requireSupported();
        Capabilities has = Capabilities.ofThread();
        boolean able = SystemCall.SETFSUID.call(-1, 0) == 0;
        for (int capability : NEEDED) {
            able &= (has.effective >>> capability & 1) != 0;
        }
        MemorySegment groups = Arena.ofAuto().allocate(JAVA_INT, GROUPS_MAX);
        long count = LinuxNode.check(SystemCall.GETGROUPS, SystemCall.GETGROUPS.call(GROUPS_MAX, groups.address()), 0,
                null);
        MemorySegment own = Arena.ofAuto().allocate(JAVA_INT, count)
                .copyFrom(groups.asSlice(0, count * Integer.BYTES));
        return new ThreadIdentity(has, able, (int) SystemCall.SETFSGID.call(-1, 0), own);
    }

    /** {@return whether this process may make files for other users: it is root, with the capabilities of root} */
    public boolean canAssume() {
        return able;
    }

    /** {@return whether writes of this process keep set-user-id and set-group-id of a file} */
    public boolean keepsSetId() {
        return keeper;
    }

    /**
     * Puts an identity on the calling thread: files that it makes belong to it. Permissions on the way are not looked
     * at, but set-group-id of new files is, as for that user.
     *
     * @param uid the user
     * @param gid the group
     * @param supplementary one more group that the user is in, or {@link #NO_GROUP}
     * @throws LinuxException if the process may not; then the thread is as it was
     */
    public void assume(int uid, int gid, int supplementary) throws LinuxException {
        if (!able) {
            throw new LinuxException("setfsuid", Errno.EPERM.number(), "uid=" + uid + " gid=" + gid
                    + ": the process is not root");
        }
        MemorySegment word = CallState.current().word;
        word.set(JAVA_INT, 0, supplementary);
        LinuxNode.check(SystemCall.SETGROUPS, SystemCall.SETGROUPS.call(supplementary == NO_GROUP ? 0 : 1,
                word.address()), 0, null);
        SystemCall.SETFSGID.call(gid, 0);
        SystemCall.SETFSUID.call(uid, 0);
        boolean done = SystemCall.SETFSGID.call(-1, 0) == gid && SystemCall.SETFSUID.call(-1, 0) == uid
                && (uid == 0 || capset(asOther) >= 0);
        if (!done) {
            restore();
            throw new LinuxException("setfsuid", Errno.EPERM.number(), "uid=" + uid + " gid=" + gid);
        }
    }

    /**
     * Takes from the calling thread what keeps set-user-id and set-group-id of a file that it writes, cuts or makes:
     * {@code CAP_FSETID}. To be followed by {@link #restore}. A process without it is as it was.
     *
     * @throws LinuxException as {@code capset(2)} fails; then the thread is as it was
     */
    public void dropSetIdKeeping() throws LinuxException {
        LinuxNode.check(SystemCall.CAPSET, capset(withoutSetId), 0, null);
    }

    /**
     * Gives the calling thread the identity of the process back.
     *
     * @throws IllegalStateException if that fails, which it cannot for who was able: the thread must not go on
     */
    public void restore() {
        long result = 0;
        if (able) {
            SystemCall.SETFSUID.call(0, 0);
            SystemCall.SETFSGID.call(group, 0);
            result = SystemCall.SETGROUPS.call(groups.byteSize() / Integer.BYTES, groups.address());
        }
        if (result < 0 || capset(whole) < 0 || able && SystemCall.SETFSUID.call(-1, 0) != 0) {
            throw new IllegalStateException("thread: its identity cannot be restored: result=" + result);
        }
    }

    private static long capset(MemorySegment words) {
        return SystemCall.CAPSET.call(words.address(), words.address() + 8);
    }
}
