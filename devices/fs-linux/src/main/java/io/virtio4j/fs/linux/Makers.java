// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.linux.HostDirectory.Ownership;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import io.virtio4j.host.linux.ThreadIdentity;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** As whom files are made and written. The one place where the thread is somebody else than the process. */
final class Makers {
    private static final String UMASK = "Umask:";
    private static final int RADIX = 8;
    private static final int PERMISSIONS = 07777;
    private static final byte[] ACCESS_LIST = "system.posix_acl_access".getBytes(US_ASCII);

    /** A call of the host that gives something. */
    interface Call<T> {
        T make() throws LinuxException;
    }

    /** A call of the host. */
    interface Step {
        void take() throws LinuxException;
    }

    private final ThreadIdentity identity = ThreadIdentity.ofProcess();
    private final boolean callers;
    private final int umask;

    Makers(Ownership ownership) throws IOException {
        callers = ownership == Ownership.CALLER;
        if (callers && !identity.canAssume()) {
            throw new IOException("files can belong to callers only if the process is root, with its capabilities:"
                    + " choose Ownership.PROCESS");
        }
        umask = umask();
    }

    static boolean canBeCallers() throws LinuxException {
        return ThreadIdentity.ofProcess().canAssume();
    }

    private static int umask() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(UMASK)) {
                return Integer.parseInt(line.substring(UMASK.length()).strip(), RADIX);
            }
        }
        throw new IOException("/proc/self/status: has no line: " + UMASK);
    }

    /** Whether owners can be changed. */
    boolean areCallers() {
        return callers;
    }

    /** Makes something that belongs to the caller. */
    <T> T make(FsCaller caller, Call<T> call) throws LinuxException {
        if (!callers) {
            return call.make();
        }
        identity.assume((int) caller.user(), (int) caller.group(), caller.supplementaryGroups() > 0
                ? (int) caller.supplementaryGroup(0) : ThreadIdentity.NO_GROUP);
        try {
            return call.make();
        } finally {
            identity.restore();
        }
    }

    /** Does something to a file's content, upon which it loses set-user-id and set-group-id if that is asked for. */
    void write(boolean dropPrivileges, Step step) throws LinuxException {
        boolean drop = begin(dropPrivileges);
        try {
            step.take();
        } finally {
            end(drop);
        }
    }

    /** Begins what {@link #write} does, without an object. */
    boolean begin(boolean dropPrivileges) throws LinuxException {
        boolean drop = dropPrivileges && identity.keepsSetId();
        if (drop) {
            identity.dropSetIdKeeping();
        }
        return drop;
    }

    void end(boolean drop) {
        if (drop) {
            identity.restore();
        }
    }

    /** Gives a new file the permissions that the umask of this process took; an access control list took its own. */
    boolean unmask(LinuxNode made, int wanted, int actual) throws LinuxException {
        int missing = wanted & umask & ~actual;
        if (missing == 0 || hasAccessList(made)) {
            return false;
        }
        made.changeMode(actual & PERMISSIONS | missing);
        return true;
    }

    private static boolean hasAccessList(LinuxNode node) {
        try {
            return node.extendedAttributes().get(ACCESS_LIST, MemorySegment.NULL) > 0;
        } catch (LinuxException none) {
            return false; // the file system has none
        }
    }
}
