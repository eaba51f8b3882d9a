// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;

/**
 * A system call that failed. The message reads {@code call: errno=ENOSPC(28) key=value key=value}.
 * Using an object after its close is {@code EBADF}, found out before the system call is made.
 */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The name of the call. */
    private final String call;
    /** The error number, positive. */
    private final int errno;

    LinuxException(String call, long errno, String details) {
        super(call + ": errno=" + describe((int) errno) + (details.isEmpty() ? "" : " " + details));
        this.call = call;
        this.errno = (int) errno;
    }

    private static String describe(int errno) {
        Errno name = Errno.of(errno);
        return name == Errno.UNKNOWN ? Integer.toString(errno) : name + "(" + errno + ")";
    }

    /** {@return the name of the system call, as its manual page spells it} */
    public String call() {
        return call;
    }

    /** {@return the error number, positive; also those that {@link Errno} has no name for} */
    public int errno() {
        return errno;
    }

    /** {@return the name of the error number} */
    public Errno error() {
        return Errno.of(errno);
    }
}
