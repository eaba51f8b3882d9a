// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct open_how}, and flags of opening that are not the same everywhere. */
final class OpenHow {
    static final int RESOLVE_NO_XDEV = 0x01;
    static final int RESOLVE_NO_MAGICLINKS = 0x02;
    static final int RESOLVE_NO_SYMLINKS = 0x04;
    static final int RESOLVE_BENEATH = 0x08;
    /** Nothing but what the directory itself holds. */
    static final int CONFINED = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

    static final int O_WRONLY = 0x1;
    static final int O_APPEND = 0x400;
    static final int O_SYNC = 0x101000;
    static final int O_PATH = 0x200000;

    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    static final int O_DIRECT = X86 ? 0x4000 : 0x10000;
    static final int O_DIRECTORY = X86 ? 0x10000 : 0x4000;
    static final int O_NOFOLLOW = X86 ? 0x20000 : 0x8000;
    static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

    static final StructLayout LAYOUT = CStruct.of("open_how", 24,
            JAVA_LONG.withName("flags"),
            JAVA_LONG.withName("mode"),
            JAVA_LONG.withName("resolve"));

    private static final long FLAGS = CStruct.offset(LAYOUT, "flags");
    private static final long MODE = CStruct.offset(LAYOUT, "mode");
    private static final long RESOLVE = CStruct.offset(LAYOUT, "resolve");

    private OpenHow() {}

    static long set(MemorySegment how, int flags, int mode, int resolve) {
        how.set(JAVA_LONG, FLAGS, Integer.toUnsignedLong(flags));
        how.set(JAVA_LONG, MODE, mode);
        how.set(JAVA_LONG, RESOLVE, resolve);
        return how.address();
    }
}
