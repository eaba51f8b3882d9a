// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.LinuxException;
import java.io.IOException;

/** A message cannot be served: becomes an error reply, or the end of the connection if none is due. */
final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    /** The error number of the reply. */
    private final int errno;

    /** The client asked for what it may well ask for. */
    private final boolean noFault;

    Refusal(Errno errno, String why) {
        this(errno.number(), errno + " " + why, false);
    }

    private Refusal(int errno, String why, boolean noFault) {
        super(why, null, false, false);
        this.errno = errno;
        this.noFault = noFault;
    }

    static Refusal invalid(String why) {
        return new Refusal(Errno.EINVAL, why);
    }

    /** The host could not do it. */
    static Refusal of(IOException cause) {
        return cause instanceof LinuxException failed
                ? new Refusal(failed.errno(), String.valueOf(failed.getMessage()), false)
                : invalid(String.valueOf(cause.getMessage()));
    }

    /** The client asked whether there is something, and there is not. */
    static Refusal notOffered(Errno errno, String what) {
        return new Refusal(errno.number(), errno + " not offered: " + what, true);
    }

    int errno() {
        return errno;
    }

    /** Whether clients do this in good order. */
    boolean isNoFault() {
        return noFault;
    }
}
