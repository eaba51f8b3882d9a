// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.gpu.GpuCounter;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory that our devices share, over vhost-user: QEMU's front-end for devices of any kind maps it into the guest. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserSharedMemoryGuestTest {

    private static final String SOCKET = "fs.sock";
    private static final String DIRECTORY = "work";
    private static final long WINDOW = 16L << 20;
    private static final int QUEUE_SIZE = 512;
    /** As many entries as the smallest of a GPU's queues has: the front-end has one size for all. */
    private static final int GPU_QUEUE_SIZE = 16;

    @FunctionalInterface
    private interface Work {
        void on(LinuxGuest guest, FileSystemWork files) throws Exception;
    }

    /** Boots a machine with a directory that has a window, works on it, and looks for complaints. */
    private static void withWindow(Wiring.Ring ring, String name, GuestReport.Row row, Work work) throws Exception {
        String format = ring.name().toLowerCase(Locale.ROOT);
        row.with("vhost-user", format, 1);
        try (SharedDirectory shared = SharedDirectory.create(); MemoryFile window = MemoryFile.create("dax", WINDOW)) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (FsDevice device = FsDevice.of(FileSystemPlug.TAG, FileSystemPlug.backend(shared.path(DIRECTORY)))
                     .daxWindow(window.segment()).build();
                 VhostUserSlot slot = VhostUserSlot.serve(shared, ring, device, QUEUE_SIZE, window);
                 LinuxGuest guest = slot.plugInto(LinuxGuest.builder(shared)).programs(GuestPrograms.FS)
                     .name("vhost-user-" + name + "-" + format).processors(2).start()) {
                assertEquals(ring == Wiring.Ring.PACKED, slot.accepted().has(CoreFeature.RING_PACKED));
                work.on(guest, new FileSystemWork(guest, shared, DIRECTORY, row));
                assertNotEquals(0, device.counters().get(FsCounter.MAPPINGS));
                assertEquals(0, device.nodes(), "all is forgotten");
                row.note(device.counters().get(FsCounter.MAPPINGS) + " mappings");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
        }
    }

    /** The window is smaller than the files: mappings come and go. */
    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void files_are_mapped_through_the_dax_window(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        withWindow(ring, "dax", row, (guest, files) -> {
            assertEquals("0x" + Long.toHexString(WINDOW),
                guest.run("dmesg | sed -n 's/.*Cache len: \\([^ ]*\\) .*/\\1/p'").success());
            files.mount(FileSystemPlug.TAG, "dax=always");
            files.useWindow();
            files.unmount();
        });
    }

    /** A driver that lets the device go, and a machine that is stopped while a program writes through the window. */
    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void the_window_is_there_after_a_reset_and_after_a_stop(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        withWindow(ring, "dax-again", row, (guest, files) -> {
            for (int i = 0; i < 3; i++) {
                row.step("bound " + i);
                files.mount(FileSystemPlug.TAG, "dax=always");
                GuestJob fio = guest.start("fio --name=stop --directory=" + FileSystemWork.MOUNT_POINT + " --size=8m"
                    + " --ioengine=mmap --rw=randwrite --bs=4k --verify=crc32c --verify_fatal=1 --fallocate=none"
                    + " --eta=never");
                for (int stop = 0; stop < 5; stop++) {
                    guest.monitor("stop");
                    guest.monitor("cont");
                    guest.run("sleep 0.2").success();
                }
                fio.finish(Duration.ofMinutes(3)).success();
                files.copyBytes(3_000_000);
                files.unmount();
                guest.run("cd /sys/bus/virtio/drivers/virtiofs && echo virtio0 > unbind && echo virtio0 > bind")
                    .success();
            }
        });
    }

    /** QEMU's own front-end for file systems agrees to map, and refuses. */
    @Test
    void a_front_end_without_a_place_for_the_window_goes_on_without(GuestReport.Row row) throws Exception {
        row.with("vhost-user", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create(); MemoryFile window = MemoryFile.create("dax", WINDOW)) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (FsDevice device = FsDevice.of("not shown", FileSystemPlug.backend(shared.path(DIRECTORY)))
                     .daxWindow(window.segment()).build();
                 VhostUserDevice served = VhostUserDevice.serve(device, window, shared.path(SOCKET), Set.of("split"),
                     ProtocolFeature.STATUS, ProtocolFeature.CONFIG);
                 LinuxGuest guest = FileSystemPlug.overVhostUser(LinuxGuest.builder(shared), shared, SOCKET, "split")
                     .name("vhost-user-fs-no-window").processors(2).start()) {
                FileSystemWork files = new FileSystemWork(guest, shared, DIRECTORY, row);
                files.mount(FileSystemPlug.TAG, "");
                files.useOpenFiles();
                files.copyBytes(100_000);
                files.unmount();
                guest.powerOff();
                assertEquals(Set.of("qemu-system-x86_64: Device has no VIRTIO Shared Memory Regions. Requested ID: 0"),
                    Set.copyOf(guest.complaints()), served::toString);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void a_blob_of_the_hosts_memory_is_mapped_and_scanned_out(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        String format = ring.name().toLowerCase(Locale.ROOT);
        try (SharedDirectory shared = SharedDirectory.create();
             MemoryFile memory = MemoryFile.create("host visible", WINDOW)) {
            GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).contextType(new CrossDomain())
                .hostVisible(memory.segment()).build();
            try (ServedGpu served = new ServedGpu(device,
                     VhostUserSlot.serve(shared, ring, device, GPU_QUEUE_SIZE, memory));
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared))
                     .kernelArguments("console=tty0", "console=ttyS0").name("vhost-user-gpu-" + format).processors(2)
                     .start()) {
                row.shows(served);
                row.with("vhost-user", format, 1);
                new GpuWork(guest, served, shared).hostBlob(640, 480);
                assertNotEquals(0, served.count(GpuCounter.SUBMITS));
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
        }
    }
}
