// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.transport.pci.PciFunction;
import io.virtio4j.transport.pci.PciInterrupts;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/transport-vfio-user.md quotes. */
class ServeExampleTest {

    // tag::serve[]
    /** Gives a device to QEMU: to one machine after the other, until it is closed. */
    static final class Appliance implements AutoCloseable {
        private final DeviceInstance instance;
        private final VfioUserServer server;

        Appliance(VirtioDevice device, Path socket) throws IOException {
            instance = DeviceInstance.of(device)
                    .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()))
                    .build();
            server = VfioUserServer.of(instance).listen(UnixAddress.of(socket));
        }

        @Override
        public void close() {
            server.close();
            instance.close();
        }
    }
    // end::serve[]

    @Test
    void a_driver_uses_the_device(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("device.sock");
        try (Appliance appliance = new Appliance(new EchoDevice(), socket)) {
            for (int machine = 0; machine < 3; machine++) {
                try (GuestSide.Ram ram = new GuestSide.Ram();
                        GuestSide guest = new GuestSide(
                                new Client(UnixSocket.connect(UnixAddress.of(socket))), ram, () -> { });
                        TestDriver driver = TestDriver.over(
                                guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram).start()) {
                    Submitted echo = driver.queue(0).exchange(new byte[] {1, 2}, 2);
                    assertArrayEquals(echo.readable(), echo.written());
                }
            }
            assertEquals(0, appliance.instance.status());
        }
    }

    // tag::window[]
    /** Gives a device to QEMU whose shared memory the guest's processors reach. */
    static final class SharingAppliance implements AutoCloseable {
        private final MemoryFile window;
        private final DeviceInstance instance;
        private final VfioUserServer server;

        SharingAppliance(long length, Function<MemorySegment, VirtioDevice> device, Path socket) throws IOException {
            window = MemoryFile.create("window", length);
            instance = DeviceInstance.of(device.apply(window.segment())) // FsDevice.of(...).daxWindow(segment).build()
                    .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()))
                    .build();
            server = VfioUserServer.of(instance).sharedMemory(window).listen(UnixAddress.of(socket));
        }

        @Override
        public void close() {
            server.close();
            instance.close();
            window.close();
        }
    }
    // end::window[]

    @Test
    void a_client_maps_what_the_device_shares(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("device.sock");
        try (SharingAppliance appliance = new SharingAppliance(2 << 20, SharingEcho::new, socket);
                Client client = new Client(UnixSocket.connect(UnixAddress.of(socket))).negotiate()) {
            Client.ToMap toMap = client.regionToMap(2, 4096);
            try (FileDescriptor file = toMap.file();
                    Mapping guest = Mapping.ofPeer(file, 0, 2 << 20, Mapping.Access.READ_WRITE, false)) {
                guest.segment().set(ValueLayout.JAVA_BYTE, 12345, (byte) 7);

                assertEquals(2 << 20, toMap.info().getLong(16));
                assertEquals(7, appliance.window.segment().get(ValueLayout.JAVA_BYTE, 12345));
            }
        }
    }

    /** Has a window. */
    private record SharingEcho(EchoDevice echo, MemorySegment window) implements VirtioDevice {
        SharingEcho(MemorySegment window) {
            this(new EchoDevice(), window);
        }

        @Override
        public DeviceType type() {
            return echo.type();
        }

        @Override
        public List<QueueSpec> queues() {
            return echo.queues();
        }

        @Override
        public List<SharedMemoryRegion> sharedMemory() {
            return List.of(new SharedMemoryRegion(0, window));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return echo.startQueue(queue, context);
        }
    }

    // tag::function[]
    /** A function of one's own: one register, which interrupts when it is written. */
    static final class Button implements PciFunction {
        private final PciInterrupts interrupts;

        Button(PciInterrupts interrupts) {
            this.interrupts = interrupts;
        }

        static VfioUserServer listen(Path socket) throws IOException {
            return VfioUserServer.of(interrupts ->
                            new VfioUserFunction(new Button(interrupts), new GuestMemory(), true, 0))
                    .listen(UnixAddress.of(socket));
        }

        @Override
        public int configSize() {
            return 256;
        }

        @Override
        public long readConfig(int offset, int width) {
            return 0; // IDs, BARs and capabilities are read here
        }

        @Override
        public void writeConfig(int offset, int width, long value) {
            interrupts.intx(value != 0);
        }
    }
    // end::function[]

    @Test
    void a_function_of_ones_own_interrupts(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("button.sock");
        VfioUserServer server = Button.listen(socket);
        try (Client client = new Client(UnixSocket.connect(UnixAddress.of(socket))).negotiate();
                EventFd pin = EventFd.create()) {
            client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.INTX, 0, 1, pin.descriptor());

            client.write(Wire.CONFIG, 0, 4, 1);

            assertEquals(1, pin.tryRead());
        } finally {
            server.close();
        }
    }
}
