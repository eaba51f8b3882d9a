// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.IOException;

/** A file that code computes. Any thread calls, and may take its time. */
@FunctionalInterface
public interface TreeContent {

    /**
     * Computes the content for somebody who opens the file. Not to be changed afterwards.
     *
     * @throws IOException to refuse; an {@link FsException} says with which error number
     */
    byte[] read() throws IOException;

    /**
     * How long the content is now, for whoever asks for attributes: some programs read no more than that. Computes the
     * content unless overridden.
     */
    default long size() throws IOException {
        return read().length;
    }

    /**
     * Takes what somebody wrote, when they close the file. Whether a file may be written is what its mode says.
     *
     * @throws IOException to refuse, which the writer learns from closing the file
     */
    default void write(byte[] content) throws IOException {
        throw FsException.of(FsErrno.EACCES);
    }
}
