// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.util.EnumSet;
import java.util.Set;

/** What can be forbidden for ever about a memory file: {@code F_ADD_SEALS} of {@code fcntl(2)}. */
public enum Seal {
    /** No more seals. */
    SEAL(0x1),
    /**
     * It cannot become shorter: its mappings cannot be pulled away from under whoever uses them.
     */
    SHRINK(0x2),
    /** It cannot become longer. */
    GROW(0x4),
    /** Its content cannot change; refused while it is mapped writable. */
    WRITE(0x8),
    /** Its content can change only through the mappings that exist already. */
    FUTURE_WRITE(0x10),
    /** Its permission to be executed cannot change. */
    EXEC(0x20);

    private final int bit;

    Seal(int bit) {
        this.bit = bit;
    }

    static int bits(Iterable<Seal> seals) {
        int bits = 0;
        for (Seal seal : seals) {
            bits |= seal.bit;
        }
        return bits;
    }

    /** The seals of a file; none if it cannot be sealed. */
    static Set<Seal> of(FileDescriptor file) throws LinuxException {
        int fd = file.acquire("fcntl");
        try {
            int result = FileCalls.fcntl(fd, FileCalls.F_GET_SEALS, 0);
            if (result == -Libc.EINVAL) {
                return EnumSet.noneOf(Seal.class);
            }
            if (result < 0) {
                throw new LinuxException("fcntl", -result, "fd=" + fd);
            }
            return ofBits(result);
        } finally {
            file.release();
        }
    }

    /** Seals without a name here, of a newer kernel, are left out. */
    private static Set<Seal> ofBits(int bits) {
        EnumSet<Seal> seals = EnumSet.noneOf(Seal.class);
        for (Seal seal : values()) {
            if ((bits & seal.bit) != 0) {
                seals.add(seal);
            }
        }
        return seals;
    }
}
