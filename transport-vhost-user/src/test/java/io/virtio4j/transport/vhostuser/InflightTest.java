// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.Seal;
import io.virtio4j.testkit.Submitted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Inflight I/O tracking]: another back-end goes on with exactly what was not used. */
class InflightTest {

    /** The region of a front-end, which outlives every back-end. */
    private record Region(byte[] description, FileDescriptor file) implements AutoCloseable {

        static Region of(FrontEnd frontEnd) {
            FrontEnd.Reply reply = frontEnd.call(FrontEnd.GET_INFLIGHT_FD,
                    FrontEnd.inflight(0, 0, TestDevice.QUEUES, TestDevice.SIZE));
            assertNotNull(reply.descriptor());
            return new Region(reply.payload(), reply.descriptor());
        }

        void sendTo(FrontEnd frontEnd) {
            frontEnd.accepted(FrontEnd.SET_INFLIGHT_FD, description, file);
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** Another process's back-end. */
    private static final class Successor implements AutoCloseable {
        final TestDevice device = new TestDevice();
        final DeviceInstance instance =
                DeviceInstance.of(device).runner(Runner.manual()).resetGrace(Duration.ZERO).build();
        final VhostUserServer server = VhostUserServer.of(instance).grace(Duration.ZERO).build();
        FrontEnd frontEnd;

        /** The back-end before ends, with what it has in work. */
        void takeOver(Rig rig, Region region) {
            rig.port.frontEnd.close();
            FrontEnd connecting = FrontEnd.connect(server);
            frontEnd = connecting.negotiate(FrontEnd.without(
                    connecting.get(FrontEnd.GET_PROTOCOL_FEATURES), ProtocolFeature.STATUS));
            rig.port.reconnect(frontEnd, instance, rig.ram, () -> region.sendTo(frontEnd));
            rig.driver.polling(instance);
        }

        @Override
        public void close() {
            device.finishAll();
            frontEnd.close();
            server.close();
            instance.close();
        }
    }

    private static Rig tracked(RingFormat format, List<Region> region) {
        Rig rig = new Rig().connect();
        // Features come first: the region's size depends on the format.
        rig.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(FrontEnd.F_VERSION_1
                | FrontEnd.F_PROTOCOL_FEATURES | (format == RingFormat.PACKED ? FrontEnd.F_PACKED : 0)));
        region.add(Region.of(rig.frontEnd));
        return rig;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void chains_that_were_not_used_are_handled_again_in_order_and_no_others(RingFormat format) {
        List<Region> made = new ArrayList<>();
        try (Rig rig = tracked(format, made); Region region = made.getFirst();
                Successor next = new Successor(); Successor last = new Successor()) {
            start(rig, format, region);
            List<Submitted> submitted = new ArrayList<>();
            for (int i = 1; i <= 6; i++) {
                submitted.add(rig.submitSlow(i));
            }
            rig.device.finish(4);
            rig.device.finish(1);
            rig.driver.runDevice();
            rig.exchange(40);

            next.takeOver(rig, region);
            rig.driver.runDevice();
            assertEquals(List.of(1, 3, 4, 6), next.device.served);

            next.device.finish(2);
            rig.driver.runDevice();
            submitted.add(rig.submitSlow(7));
            last.takeOver(rig, region);
            rig.driver.runDevice();
            assertEquals(List.of(1, 3, 6, 7), last.device.served);

            last.device.finishAll();
            rig.driver.queue(TestDevice.SLOW).awaitAll();
            rig.exchange(41);
            for (Submitted one : submitted) {
                assertArrayEquals(one.readable(), one.written());
            }
        }
    }

    private static void start(Rig rig, RingFormat format, Region region) {
        rig.port.beforeRings = () -> region.sendTo(rig.frontEnd);
        rig.start(format);
        rig.port.beforeRings = () -> { };
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_ring_that_stops_and_goes_on_in_the_same_process_uses_the_region_too(RingFormat format) {
        List<Region> made = new ArrayList<>();
        try (Rig rig = tracked(format, made); Region region = made.getFirst()) {
            start(rig, format, region);
            rig.submitSlow(1);
            rig.submitSlow(2);
            rig.device.finish(0);
            rig.driver.runDevice();

            long base = rig.port.stop(TestDevice.SLOW);
            rig.port.begin(TestDevice.SLOW, base);
            rig.driver.runDevice();

            assertEquals(List.of(1, 2, 2), rig.device.served);
            rig.device.finishAll();
            rig.driver.queue(TestDevice.SLOW).awaitAll();
        }
    }

    @Test
    void the_region_is_sealed_and_sized_for_its_format() throws IOException {
        for (RingFormat format : RingFormat.values()) {
            List<Region> made = new ArrayList<>();
            try (Rig rig = tracked(format, made); Region region = made.getFirst();
                    LinuxFile file = LinuxFile.of(region.file.dup())) {
                long entry = format == RingFormat.SPLIT ? 16 : 32;
                long part = (entry + entry * TestDevice.SIZE + 63) / 64 * 64;
                assertEquals(TestDevice.QUEUES * part, file.size());
                assertTrue(file.seals().contains(Seal.SHRINK));
                try (Mapping mapping = Mapping.shared(
                        file.descriptor(), 0, file.size(), Mapping.Access.READ_ONLY)) {
                    assertEquals(-1, mapping.segment().mismatch(Arena.ofAuto()
                            .allocate(file.size())));
                }
                assertEquals(24, region.description.length);
                assertEquals(0, rig.device.resets);
            }
        }
    }
}
