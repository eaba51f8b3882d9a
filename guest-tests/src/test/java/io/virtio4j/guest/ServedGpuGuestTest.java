// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.gpu.GpuCounter;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.GpuFeature;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.gpu.rfb.RfbServer;
import io.virtio4j.host.linux.MemoryFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Linux shows pictures on a GPU device of ours; what is seen outside is compared with what it drew. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedGpuGuestTest {

    @Tag("demo")
    @OnEachWiring
    void the_console_of_the_kernel_can_be_read(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).blobs(false).build();
        with(wiring, "gpu-console-" + wiring, row, device, work -> {
            row.step("console");
            work.console();
            work.served().photograph(0, "console-" + wiring);
        });
    }

    @OnEachWiring
    void known_pixels_are_shown_as_they_were_drawn(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).blobs(false).build();
        with(wiring, "gpu-pixels-" + wiring, row, device, work -> {
            row.step("transferred");
            work.pixels("dumb", 800, 600);
            assertNotEquals(0, work.served().count(GpuCounter.TRANSFERRED_BYTES));
        });
    }

    @OnEachWiring
    void blobs_of_the_guests_memory_are_scanned_out_without_a_copy(Wiring wiring, GuestReport.Row row)
        throws IOException {
        with(wiring, "gpu-blobs-" + wiring, row, new GpuDevice(Monitor.of(1024, 768)), work -> {
            row.step("guest blobs");
            work.pixels("dumb", 1024, 768);
            assertEquals(true, work.served().accepted().has(GpuFeature.RESOURCE_BLOB));
            assertEquals(true, work.served().accepted().has(GpuFeature.BLOB_ALIGNMENT));
            assertEquals(0, work.served().count(GpuCounter.TRANSFERRED_BYTES));
        });
    }

    /** Its driver is a module, and its configuration another. */
    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void the_stock_kernel_shows_known_pixels(Wiring.Ring ring, GuestReport.Row row) throws IOException {
        Wiring wiring = new Wiring(Wiring.Bus.PCI, ring, 1);
        with(GuestKernel.STOCK, wiring, "gpu-stock-" + wiring, row, new GpuDevice(Monitor.of(1024, 768)), work ->
            work.pixels("dumb", 800, 600));
    }

    @OnEachWiring
    void a_blob_of_the_hosts_memory_is_mapped_and_scanned_out(Wiring wiring, GuestReport.Row row) throws IOException {
        try (MemoryFile memory = MemoryFile.create("host visible", 16 << 20)) {
            GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).contextType(new CrossDomain())
                .hostVisible(memory.segment()).build();
            with(GuestKernel.SMALL, wiring, "gpu-host-blob-" + wiring, row, device, memory, work -> {
                row.step("cross-domain context, mapped blob");
                work.hostBlob(640, 480);
                assertEquals(true, work.served().accepted().has(GpuFeature.CONTEXT_INIT));
                assertNotEquals(0, work.served().count(GpuCounter.SUBMITS));
            });
        }
    }

    @OnEachWiring
    void modetest_changes_modes_flips_pages_and_moves_a_cursor(Wiring wiring, GuestReport.Row row)
        throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1280, 1024)).build();
        with(wiring, "gpu-modetest-" + wiring, row, device, work -> {
            int connector = work.connector(0);
            for (String mode : List.of("1280x1024", "1024x768", "800x600")) {
                row.step("mode " + mode);
                assertEquals(true, work.offers(0, mode), mode);
                int width = Integer.parseInt(mode.split("x")[0]);
                int height = Integer.parseInt(mode.split("x")[1]);
                GuestJob shown = work.modetest("-s %d:%s".formatted(connector, mode));
                work.served().awaitPicture(0, mode, seen -> GpuWork.hasBars(seen, width, height));
                work.served().photograph(0, "bars-" + mode + "-" + wiring);
                work.endModetest(shown);
            }
            row.step("page flips");
            long scanouts = work.served().count(GpuCounter.SCANOUTS_SET);
            GuestJob flips = work.modetest("-v -s %d:1024x768".formatted(connector));
            work.served().await("page flips", () -> work.served().count(GpuCounter.SCANOUTS_SET) > scanouts + 100);
            assertTrue(work.endModetest(flips).contains("freq:"));
            row.step("cursor");
            GuestJob cursor = work.modetest("-C -s %d:1024x768".formatted(connector));
            work.served().await("a cursor that moves", () -> work.served().output(0).isCursorVisible()
                && work.served().count(GpuCounter.CURSOR_MOVES) > 20);
            work.served().photograph(0, "cursor-" + wiring);
            work.endModetest(cursor);
        });
    }

    @OnEachWiring
    void two_displays_are_plugged_resized_and_unplugged(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).emptyOutput().build();
        with(wiring, "gpu-displays-" + wiring, row, device, work -> {
            row.step("hot-plug");
            assertEquals(List.of(true, false), List.of(work.isConnected(0), work.isConnected(1)));
            device.scanout(1).plug(Monitor.of(1366, 768).at(1024, 0));
            work.served().await("the second display", () -> work.isConnected(1) && work.offers(1, "1366x768"));
            row.step("two displays");
            GuestJob both = work.modetest("-s %d:1024x768 -s %d:1366x768".formatted(
                work.connector(0), work.connector(1)));
            // One framebuffer for both: each output shows its part of it.
            BufferedImage left = work.served().awaitPicture(0, "the left part", seen ->
                seen.getWidth() == 1024 && (seen.getRGB(0, 0) & 0xFFFFFF) == 0xC0C0C0);
            work.served().awaitPicture(1, "the right part", seen ->
                GpuWork.hasBars(GpuWork.beside(left, seen), 1024 + 1366, 768));
            work.endModetest(both);
            row.step("resize");
            device.scanout(1).plug(Monitor.of(1600, 900).at(1024, 0));
            work.served().await("the new size", () -> work.offers(1, "1600x900"));
            GuestJob larger = work.modetest("-s %d:1600x900".formatted(work.connector(1)));
            work.served().awaitPicture(1, "the larger picture", seen -> GpuWork.hasBars(seen, 1600, 900));
            work.endModetest(larger);
            row.step("unplug");
            device.scanout(1).unplug();
            work.served().await("one display", () -> !work.isConnected(1));
            assertEquals(true, work.isConnected(0));
        });
    }

    @OnEachWiring
    void a_vnc_viewer_photographs_the_screen(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = new GpuDevice(Monitor.of(1024, 768));
        with(wiring, "gpu-vnc-" + wiring, row, device, work -> {
            row.step("vncsnapshot");
            try (RfbServer server = RfbServer.listen(device.scanout(0), 0)) {
                GuestJob shown = work.modetest("-s %d:1024x768".formatted(work.connector(0)));
                BufferedImage picture = work.served().awaitPicture(0, "bars",
                    seen -> GpuWork.hasBars(seen, 1024, 768));
                double difference = GpuWork.difference(picture, work.vncSnapshot(server.address().getPort()));
                assertTrue(difference < 2, "difference=" + difference);
                work.endModetest(shown);
            }
        });
    }

    /** Something to do with a guest that uses a device. */
    @FunctionalInterface
    interface Work {
        void with(GpuWork work) throws IOException;
    }

    private static void with(Wiring wiring, String name, GuestReport.Row row, GpuDevice device, Work what)
        throws IOException {
        with(GuestKernel.SMALL, wiring, name, row, device, what);
    }

    private static void with(
        GuestKernel kernel, Wiring wiring, String name, GuestReport.Row row, GpuDevice device, Work what)
        throws IOException {
        with(kernel, wiring, name, row, device, null, what);
    }

    private static void with(GuestKernel kernel, Wiring wiring, String name, GuestReport.Row row, GpuDevice device,
        @Nullable MemoryFile hostVisible, Work what) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedGpu served = ServedGpu.serve(shared, wiring, device, hostVisible);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).kernel(kernel)
                 .kernelArguments("console=tty0", "console=ttyS0").name(name).processors(2).start()) {
            row.shows(served);
            what.with(new GpuWork(guest, served, shared));
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
            row.note("Linux " + guest.release() + ", " + served.count(GpuCounter.FLUSHES) + " flushes");
        }
    }
}
