// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.host.linux.ByteStream;
import io.virtio4j.host.linux.FileDescriptor;
import java.io.IOException;

/** The two ends of a pipe that can be sent to a server. */
record Pipe(FileDescriptor reading, FileDescriptor writing) implements AutoCloseable {

    static Pipe open() throws IOException {
        FileDescriptor[] ends = ByteStream.pipe();
        return new Pipe(ends[0], ends[1]);
    }

    @Override
    public void close() {
        reading.close();
        writing.close();
    }
}
