// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDeviceBuilder;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.host.linux.MemoryFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Linux starts programs from a directory of the host, and they work in another one, and start what they make there.
 * Each start reads the program anew, so pages of memory change from one program's to another's all the time.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class FileSystemProgramsGuestTest {

    private static final String DIRECTORY = "work";
    private static final String TOOLS = "tools";
    private static final long WINDOW = 256L << 20;

    @FunctionalInterface
    private interface Backend {
        FsBackend of(Path directory) throws IOException;
    }

    @FunctionalInterface
    private interface Work {
        void on(FileSystemWork files, ServedFileSystem tools) throws Exception;
    }

    /** Boots a machine with a directory to work in and one with the tools, works, and looks for complaints. */
    private static void with(Wiring wiring, String name, Backend backend, @Nullable MemoryFile window,
        GuestReport.Row row, Work work) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create()) {
            Path directory = Files.createDirectory(shared.path(DIRECTORY));
            try (ServedFileSystem served = ServedFileSystem.serve(shared, 3, wiring, FileSystemPlug.TAG,
                     backend.of(directory), device -> device);
                 ServedFileSystem tools = ServedFileSystem.serve(shared, 7, wiring, TOOLS,
                     FileSystemPlug.backend(shared.tree()), FsDeviceBuilder::readOnly, window);
                 LinuxGuest guest = tools.plugInto(served.plugInto(LinuxGuest.builder(shared)))
                     .name("fs-programs-" + name + "-" + wiring).processors(2).runsServedPrograms().start()) {
                row.shows(served);
                row.shows(tools);
                boolean packed = wiring.ring() == Wiring.Ring.PACKED;
                assertEquals(packed, served.accepted().has(CoreFeature.RING_PACKED));
                assertEquals(packed, tools.accepted().has(CoreFeature.RING_PACKED));
                FileSystemWork files = new FileSystemWork(guest, shared, DIRECTORY, row);
                files.mount(FileSystemPlug.TAG, "");
                work.on(files, tools);
                files.unmount();
                assertEquals(0, served.device().nodes() + tools.device().nodes(), "all is forgotten");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors() + tools.errors());
            }
        }
    }

    /**
     * Everything with packed rings on PCI and with split ones on MMIO; with the others one commit and one compilation,
     * since each start of a program takes an emulated processor about a second.
     */
    @OnEachWiring
    void git_and_a_compiler_run_on_it(Wiring wiring, GuestReport.Row row) throws Exception {
        boolean everything = (wiring.ring() == Wiring.Ring.PACKED) == (wiring.bus() == Wiring.Bus.PCI);
        with(wiring, "read", FileSystemPlug::backend, null, row, (files, tools) -> {
            if (everything) {
                files.develop(TOOLS, "");
            } else {
                files.developLittle(TOOLS, "");
            }
        });
    }

    @Test
    void git_and_a_compiler_run_on_a_directory_of_java(GuestReport.Row row) throws Exception {
        with(new Wiring(Wiring.Bus.PCI, Wiring.Ring.PACKED, 1), "nio", PathBackend::of, null, row,
            (files, tools) -> files.developLittle(TOOLS, ""));
    }

    /**
     * In a window that has room for all that is mapped: the emulated processor would not see that another mapping takes
     * the place of one, and the guest cannot clear it.
     */
    @ParameterizedTest
    @EnumSource(Wiring.Bus.class)
    void programs_are_run_where_a_dax_window_shows_them(Wiring.Bus bus, GuestReport.Row row) throws Exception {
        try (MemoryFile window = MemoryFile.create("dax", WINDOW)) {
            with(new Wiring(bus, Wiring.Ring.PACKED, 1), "dax", FileSystemPlug::backend, window, row,
                (files, tools) -> {
                    files.developLittle(TOOLS, "dax=always");
                    assertNotEquals(0, tools.count(FsCounter.MAPPINGS));
                });
        }
    }
}
