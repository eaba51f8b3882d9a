// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.FsDeviceBuilder;
import io.virtio4j.testkit.fuse.FuseContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What no driver gets from a device with a directory of the host; and nothing beside that is touched. */
abstract class HostFuseContract extends FuseContract {

    @TempDir
    Path temporary;

    private final List<HostDirectory> backends = new ArrayList<>();
    private Neighbor neighbor;
    private Path tree;

    /** Where the tree and what is outside of it are made. */
    abstract Path place(Path directory) throws Exception;

    HostDirectory.Builder choices(HostDirectory.Builder builder) {
        return builder;
    }

    /** Takes the place away. */
    void end() throws Exception {}

    @BeforeEach
    final void makeATreeBesideAnother() throws Exception {
        Path place = place(temporary);
        neighbor = Neighbor.make(place);
        tree = Files.createDirectory(place.resolve("tree"));
    }

    final Path tree() {
        return tree;
    }

    final Neighbor neighbor() {
        return neighbor;
    }

    @Override
    protected VirtioDevice device(Wanted wanted) throws IOException {
        HostDirectory backend = choices(HostDirectory.builder(tree)).open();
        backends.add(backend);
        FsDeviceBuilder device = FsDevice.of("contract", backend).maxNodes(wanted.maxNodes())
                .maxHandles(wanted.maxHandles()).requestQueues(2).daxWindow(wanted.window())
                .onBackendFault(fault -> {
                    throw new AssertionError("the backend has no faults", fault);
                });
        return (wanted.readOnly() ? device.readOnly() : device).build();
    }

    @AfterEach
    final void nothingIsLeftOpenAndNothingOutsideWasTouched() throws Exception {
        try {
            backends.forEach(backend -> assertEquals(1, backend.openDescriptors()));
            assertEquals(List.of(), open(temporary));
            if (neighbor != null) {
                neighbor.assertUntouched();
            }
        } finally {
            end();
        }
    }

    /** The files below a directory that this process has open. */
    static List<String> open(Path directory) throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> numbers = Files.list(Path.of("/proc/self/fd"))) {
            for (Path number : numbers.toList()) {
                try {
                    String file = Files.readSymbolicLink(number).toString();
                    if (file.startsWith(directory.toString())) {
                        found.add(file);
                    }
                } catch (IOException closed) {
                    continue;
                }
            }
        }
        return found;
    }
}
