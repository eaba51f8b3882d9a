// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;

/** A part of the DAX window that shows a part of a file. */
public interface FsMapping {

    /**
     * Ends a part of the mapping: memory is there again that has nothing to do with the file, and reads as zeroes.
     *
     * @param offset in bytes from where the mapping began
     * @param length in bytes
     */
    void remove(long offset, long length) throws IOException;

    /** Ends all of the mapping that is left; the file may be released before. */
    void close() throws IOException;
}
