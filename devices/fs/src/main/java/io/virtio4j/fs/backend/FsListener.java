// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * Learns of changes that the driver did not make. Any thread may call; nothing blocks. What the driver does not know
 * is passed over.
 */
public interface FsListener {

    /**
     * Data and attributes of a file changed.
     *
     * @param file its {@link FsNode#identity()}
     * @param offset where data changed; negative if only attributes did
     * @param length how many bytes; 0 for all from the offset on
     */
    void changed(Object file, long offset, long length);

    /**
     * A name of a directory appeared, or leads to something else.
     *
     * @param directory its {@link FsNode#identity()}
     */
    void renamed(Object directory, FsName name);

    /**
     * A name is gone.
     *
     * @param directory its {@link FsNode#identity()}
     * @param file the identity of what had the name
     */
    void removed(Object directory, FsName name, Object file);
}
