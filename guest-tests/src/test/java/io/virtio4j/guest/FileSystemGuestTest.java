// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDeviceBuilder;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.linux.HostDirectory;
import io.virtio4j.host.linux.MemoryFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** Linux mounts a directory of the host, and programs use it. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class FileSystemGuestTest {

    private static final String DIRECTORY = "work";
    private static final long WINDOW = 16L << 20;
    private static final long SMALL = 4L << 20;
    private static final int FEW = 48;
    private static final Wiring PLAIN = new Wiring(Wiring.Bus.PCI, Wiring.Ring.PACKED, 1);
    /** How long random operations go on: minutes, with {@code -Dvirtio4j.fs.minutes=10}. */
    private static final int MINUTES = Integer.getInteger("virtio4j.fs.minutes", 0);

    @FunctionalInterface
    private interface Work {
        void on(FileSystemWork work) throws Exception;
    }

    /** Boots a machine with a directory, mounts it, works on it, and looks for complaints. */
    private static void with(Wiring wiring, String name, UnaryOperator<FsDeviceBuilder> choices, String options,
        GuestReport.Row row, Work work) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedFileSystem served = ServedFileSystem.serve(shared, DIRECTORY, wiring, choices)) {
            on(shared, served, name + "-" + wiring, options, row, work);
        }
    }

    private static void on(SharedDirectory shared, ServedFileSystem served, String name, String options,
        GuestReport.Row row, Work work) throws Exception {
        try (LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("fs-" + name).processors(2).start()) {
            row.shows(served);
            assertEquals(served.wiring().ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            FileSystemWork files = new FileSystemWork(guest, shared, DIRECTORY, row);
            files.mount(FileSystemPlug.TAG, options);
            work.on(files);
            files.unmount();
            assertEquals(0, served.device().nodes(), "all is forgotten");
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
        }
    }

    @OnEachWiring
    void a_directory_is_used(Wiring wiring, GuestReport.Row row) throws Exception {
        with(wiring, "used", device -> device, "", row,
            wiring.equals(PLAIN) ? FileSystemWork::useForEverything : FileSystemWork::useFilesAndData);
    }

    @Test
    void a_driver_that_caches_writes_writes_the_same(GuestReport.Row row) throws Exception {
        with(new Wiring(Wiring.Bus.PCI, Wiring.Ring.SPLIT, 2), "writeback", FsDeviceBuilder::writebackCache, "", row,
            work -> {
                work.useOpenFiles();
                work.verify("--ioengine=psync --rw=randrw --bsrange=512-32k --size=4m --direct=0 --fsync=64");
                work.operate(2, 500);
            });
    }

    /** The window is smaller than the files: mappings come and go. */
    @OnEachWiring
    void files_are_mapped_through_the_dax_window(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create(); MemoryFile window = MemoryFile.create("dax", WINDOW);
             ServedFileSystem served = ServedFileSystem.serveWithWindow(shared, DIRECTORY, wiring, window)) {
            on(shared, served, "dax-" + wiring, "dax=always", row, FileSystemWork::useWindow);
            assertNotEquals(0, served.count(FsCounter.MAPPINGS));
        }
    }

    /** A window that nobody has mapped is registers: each access is a message, so there is little to do here. */
    @Test
    void a_window_is_reached_by_messages_too(GuestReport.Row row) throws Exception {
        with(PLAIN, "dax-messages", device -> device.daxWindow(WINDOW), "dax=always", row,
            work -> {
                work.copyBytes(15_000);
                work.verify("--ioengine=mmap --rw=randwrite --bs=4k --size=16k --direct=0");
            });
    }

    /** What a program reads again comes from the guest's page cache until the host changes it. */
    @Test
    void files_are_kept_in_the_page_cache_when_they_may_be(GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedFileSystem served = ServedFileSystem.serve(shared, DIRECTORY, PLAIN,
                 device -> device.caching(FsFile.Caching.ALWAYS))) {
            on(shared, served, "cache", "", row, files -> files.readAgain(served));
        }
    }

    @Test
    void locks_exclude_processes_of_the_host(GuestReport.Row row) throws Exception {
        with(PLAIN, "locks", device -> device, "", row, FileSystemWork::lockAgainstHost);
    }

    /** With few descriptors, most files are known by handles: nobody notices. */
    @Test
    void a_tree_of_more_files_than_descriptors_is_used(GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create()) {
            Path path = Files.createDirectory(shared.path(DIRECTORY));
            HostDirectory backend = HostDirectory.builder(path).limit(FEW).open();
            assumeTrue(backend.hasHandles(), "no handles here");
            try (ServedFileSystem served = ServedFileSystem.serve(shared, 3, PLAIN, FileSystemPlug.TAG, backend,
                    device -> device);
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("fs-handles").processors(2)
                     .start()) {
                row.shows(served);
                FileSystemWork work = new FileSystemWork(guest, shared, DIRECTORY, row);
                work.mount(FileSystemPlug.TAG, "");
                work.useForEverything();
                row.note("files known at the end " + served.device().nodes());
                assertTrue(backend.openDescriptors() <= FEW, "descriptors " + backend.openDescriptors());
                work.unmount();
                assertEquals(0, served.device().nodes(), "all is forgotten");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
        }
    }

    @Test
    void a_full_disk_is_told_and_can_be_used_again(GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            shared.run("mount", "-t", "tmpfs", "-o", "size=" + SMALL, "none", shared.inside(DIRECTORY));
            try (ServedFileSystem served = ServedFileSystem.serve(shared, DIRECTORY, PLAIN, device -> device);
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("fs-full").start()) {
                row.shows(served);
                FileSystemWork work = new FileSystemWork(guest, shared, DIRECTORY, row);
                work.mount(FileSystemPlug.TAG, "");
                work.fill(SMALL);
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            } finally {
                shared.run("umount", shared.inside(DIRECTORY));
            }
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "virtio4j.fs.minutes", matches = "[0-9]+")
    void random_operations_go_on_for_minutes(GuestReport.Row row) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        with(PLAIN, "long", device -> device, "", row,
            work -> row.note(work.operate(seed & Long.MAX_VALUE, 1, 60 * MINUTES)));
    }
}
