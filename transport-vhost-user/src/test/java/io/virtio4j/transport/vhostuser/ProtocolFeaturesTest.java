// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.transport.DeviceInstance;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of the protocol is offered for which device. */
class ProtocolFeaturesTest {

    /** Has so many bytes of configuration. */
    private record Quiet(ConfigSpace configSpace) implements VirtioDevice {

        @Override
        public DeviceType type() {
            return new DeviceType(42, "quiet");
        }

        @Override
        public List<QueueSpec> queues() {
            return List.of(QueueSpec.named("requestq"));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return DescriptorChain::complete;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void configuration_is_offered_where_there_is_some(int bytes) {
        try (DeviceInstance device = DeviceInstance.of(new Quiet(new ConfigSpace(bytes))).build();
             VhostUserServer server = VhostUserServer.of(device).build();
             FrontEnd frontEnd = FrontEnd.connect(server)) {

            long offered = frontEnd.get(FrontEnd.GET_PROTOCOL_FEATURES) & ProtocolFeature.CONFIG.mask();

            assertEquals(bytes > 0 ? ProtocolFeature.CONFIG.mask() : 0, offered);
        }
    }
}
