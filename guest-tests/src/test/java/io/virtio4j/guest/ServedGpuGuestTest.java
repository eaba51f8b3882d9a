// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.gpu.GpuCounter;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.GpuFeature;
import io.virtio4j.gpu.Monitor;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Linux shows pictures on a GPU device of ours; what is seen outside is compared with what it drew. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedGpuGuestTest {

    static Stream<Wiring> wirings() {
        return Stream.of(Wiring.Bus.values()).flatMap(bus ->
            Stream.of(Wiring.Ring.values()).map(ring -> new Wiring(bus, ring, 1)));
    }

    @Tag("demo")
    @ParameterizedTest
    @MethodSource("wirings")
    void the_console_of_the_kernel_can_be_read(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).blobs(false).build();
        with(wiring, "gpu-console-" + wiring, row, device, work -> {
            row.step("console");
            work.console();
            work.served().photograph(0, "console-" + wiring);
        });
    }

    @ParameterizedTest
    @MethodSource("wirings")
    void known_pixels_are_shown_as_they_were_drawn(Wiring wiring, GuestReport.Row row) throws IOException {
        GpuDevice device = GpuDevice.builder().output(Monitor.of(1024, 768)).blobs(false).build();
        with(wiring, "gpu-pixels-" + wiring, row, device, work -> {
            row.step("transferred");
            work.pixels("dumb", 800, 600);
            work.served().photograph(0, "pixels-" + wiring);
            assertNotEquals(0, work.served().count(GpuCounter.TRANSFERRED_BYTES));
        });
    }

    @ParameterizedTest
    @MethodSource("wirings")
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

    /** Something to do with a guest that uses a device. */
    @FunctionalInterface
    interface Work {
        void with(GpuWork work) throws IOException;
    }

    static void with(Wiring wiring, String name, GuestReport.Row row, GpuDevice device, Work what)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedGpu served = ServedGpu.serve(shared, wiring, device);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared))
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
