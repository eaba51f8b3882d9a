// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixServerSocket;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Front-ends come and go, listening or connecting. */
class ReconnectTest {

    private final OpenDescriptors before = OpenDescriptors.now();

    @Test
    void a_server_listens_and_serves_one_front_end_after_the_other(@TempDir Path directory) throws IOException {
        TestDevice device = new TestDevice();
        UnixAddress address = UnixAddress.of(directory.resolve("socket"));
        try (DeviceInstance instance = DeviceInstance.of(device).build();
                VhostUserServer server = VhostUserServer.of(instance).listen(address)) {
            for (int i = 0; i < 50; i++) {
                try (FrontEnd frontEnd = FrontEnd.over(UnixSocket.connect(address))) {
                    assertEquals(TestDevice.QUEUES, frontEnd.negotiate().get(FrontEnd.GET_QUEUE_NUM));
                    if (i % 5 == 0) {
                        frontEnd.raw(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
                        frontEnd.awaitDisconnected();
                    }
                }
            }
            try (FrontEnd last = FrontEnd.over(UnixSocket.connect(address))) {
                last.get(FrontEnd.GET_QUEUE_NUM);
                assertTrue(server.isConnected());
            }
        }
        before.awaitAgain();
    }

    @Test
    void a_server_connects_to_a_front_end_that_listens_as_often_as_it_does(@TempDir Path directory)
            throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("socket"));
        try (DeviceInstance instance = DeviceInstance.of(new TestDevice()).build();
                VhostUserServer server = VhostUserServer.of(instance).connect(address)) {
            for (int i = 0; i < 3; i++) {
                try (UnixServerSocket listening = UnixServerSocket.listen(address);
                        FrontEnd frontEnd = FrontEnd.over(listening.accept(20_000))) {
                    assertEquals(TestDevice.QUEUES, frontEnd.negotiate().get(FrontEnd.GET_QUEUE_NUM));
                }
            }
            assertThrows(IllegalStateException.class, () -> server.connect(address));
        }
        before.awaitAgain();
    }

    @Test
    void a_device_with_memory_of_its_own_is_refused() {
        try (DeviceInstance instance =
                DeviceInstance.of(new TestDevice()).memory(GuestMemory.allocate(4096)).build()) {
            VhostUserServerBuilder builder = VhostUserServer.of(instance);

            assertThrows(IllegalArgumentException.class, builder::build);
            instance.memory().close();
        }
    }

    @Test
    @HostileCase("VU-9")
    void front_ends_come_and_go_in_every_state() {
        cycles(200);
    }

    @Test
    @Tag("slow")
    void ten_thousand_front_ends_come_and_go() {
        cycles(10_000);
    }

    private static void cycles(int count) {
        try (Rig rig = new Rig()) {
            OpenDescriptors idle = OpenDescriptors.now();
            for (int i = 0; i < count; i++) {
                switch (i % 4) {
                    case 0 -> FrontEnd.connect(rig.server).close();
                    case 1 -> rig.connect().port.close();
                    case 2 -> {
                        rig.connect().start(i % 8 == 2 ? RingFormat.SPLIT : RingFormat.PACKED).exchange(i);
                        rig.port.close();
                    }
                    default -> {
                        rig.connect().start(i % 8 == 3 ? RingFormat.SPLIT : RingFormat.PACKED);
                        rig.submitSlow(i);
                        rig.port.close();
                    }
                }
                rig.forget();
                idle.awaitAgain();
            }
        }
        HostileCases.count("VU-9", count - 1);
    }
}
