// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.transport.pci.PciFunction;
import io.virtio4j.transport.pci.PciInterrupts;
import java.io.IOException;
import java.nio.file.Path;
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
