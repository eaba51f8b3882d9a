// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A request that is answered with an error number. Carries no stack trace: programs of the driver's cause these all
 * the time.
 */
public final class FsException extends IOException {

    private static final long serialVersionUID = 1L;

    /** One more than the greatest error number that Linux lets through. */
    private static final int LIMIT = 512;

    private static final FsException[] SHARED = new FsException[LIMIT];

    static {
        for (int number = 0; number < LIMIT; number++) {
            SHARED[number] = new FsException(number, "errno=" + number, null);
        }
        for (FsErrno errno : FsErrno.values()) {
            SHARED[errno.number()] = new FsException(errno.number(), errno.name(), null);
        }
    }

    private final int number;

    /**
     * Creates an exception with details for the log.
     *
     * @param number of Linux, 1 to 511
     * @param message {@code what: key=value key=value}
     * @param cause what led to it, or {@code null}
     */
    public FsException(int number, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.number = number;
    }

    /** The shared exception of an error: allocates nothing. */
    public static FsException of(FsErrno errno) {
        return SHARED[errno.number()];
    }

    /** The shared exception of an error number of Linux; of EIO, if it is none. Allocates nothing. */
    public static FsException of(int number) {
        return SHARED[number > 0 && number < LIMIT ? number : FsErrno.EIO.number()];
    }

    /** The error number, positive. */
    public int number() {
        return number;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
