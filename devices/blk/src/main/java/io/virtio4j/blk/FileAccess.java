// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What a file backend does with its file. Transfers may be short, as the system's calls are. */
interface FileAccess extends AutoCloseable {

    /** Reads some bytes; -1 at the end of the file. */
    int read(ByteBuffer target, long offset) throws IOException;

    /** Writes some bytes. */
    int write(ByteBuffer source, long offset) throws IOException;

    /** Where the file ends now. */
    long size() throws IOException;

    /** {@code fdatasync}, or more. */
    void force() throws IOException;

    @Override
    void close() throws IOException;
}
