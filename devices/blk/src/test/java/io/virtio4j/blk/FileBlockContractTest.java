// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** On a file. */
class FileBlockContractTest extends BlockContract {

    @TempDir
    private Path directory;

    private FileBackend file;

    @BeforeEach
    void open() throws IOException {
        file = FileBackend.create(directory.resolve("disk"), SIZE);
    }

    @AfterEach
    void close() throws IOException {
        file.close();
    }

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(file).forceThread(Runnable::run).build();
    }
}
