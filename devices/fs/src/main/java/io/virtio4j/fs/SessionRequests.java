// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseData.KstatfsOut;
import io.virtio4j.fs.FuseWire.InterruptIn;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsStatistics;
import java.io.IOException;

/** Requests about the file system as a whole, and about other requests. */
final class SessionRequests {

    private final Session session;

    SessionRequests(Session session) {
        this.session = session;
    }

    void serve(Request request, FuseOpcode opcode) throws IOException {
        switch (opcode) {
            case STATFS -> statfs(request);
            case SYNCFS -> syncfs(request);
            case INTERRUPT -> interrupt(request);
            // What a control operation does to a host, nobody can tell.
            case IOCTL -> throw FsException.of(FsErrno.ENOTTY);
            default -> throw new IllegalStateException("opcode=" + opcode);
        }
    }

    private void statfs(Request request) throws IOException {
        Node node = request.node();
        FsStatistics found = new FsStatistics();
        session.device().backend().statistics(node.file, found);
        Fields out = request.structure(KstatfsOut.SIZE);
        out.set(KstatfsOut.BLOCKS, found.blocks);
        out.set(KstatfsOut.BFREE, found.freeBlocks);
        out.set(KstatfsOut.BAVAIL, found.availableBlocks);
        out.set(KstatfsOut.FILES, found.files);
        out.set(KstatfsOut.FFREE, found.freeFiles);
        out.set(KstatfsOut.BSIZE, found.blockSize);
        out.set(KstatfsOut.NAMELEN, found.nameLength);
        out.set(KstatfsOut.FRSIZE, found.fragmentSize);
        request.answer(KstatfsOut.SIZE);
    }

    private void syncfs(Request request) throws IOException {
        if (!session.device().isReadOnly()) {
            session.dax().writeBackAll();
            session.device().backend().sync();
        }
        request.answer();
    }

    /** There is a reply only if nothing was interrupted: the driver is to try again, if it still waits. */
    private void interrupt(Request request) throws FsException {
        if (!session.device().interrupt(request.in.get(InterruptIn.UNIQUE))) {
            throw FsException.of(FsErrno.EAGAIN);
        }
        request.noAnswer();
    }
}
