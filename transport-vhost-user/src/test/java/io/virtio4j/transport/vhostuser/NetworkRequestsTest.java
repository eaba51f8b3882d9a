// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.Runner;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What front-ends ask of network devices. */
class NetworkRequestsTest {

    private static final long FEATURES =
            1L << ProtocolFeature.RARP.bit() | 1L << ProtocolFeature.NET_MTU.bit();

    private static final class Recorded implements NetworkRequests {
        final List<byte[]> announced = new ArrayList<>();
        int mtu;

        @Override
        public void announce(byte[] macAddress) {
            announced.add(macAddress);
        }

        @Override
        public boolean mtu(int newMtu) {
            mtu = newMtu;
            return newMtu <= 9000;
        }
    }

    @Test
    void they_reach_the_device_if_it_takes_them() {
        Recorded network = new Recorded();
        try (Rig rig = new Rig(Runner.manual(), builder -> builder.network(network)).connect()) {
            assertEquals(FEATURES, rig.frontEnd.get(FrontEnd.GET_PROTOCOL_FEATURES) & FEATURES);

            rig.frontEnd.accepted(FrontEnd.SEND_RARP, new byte[] {2, 0, 0, 0, 0, 7, 0, 0});
            rig.frontEnd.accepted(FrontEnd.NET_SET_MTU, FrontEnd.u64(9000));
            assertEquals(9000, network.mtu);
            rig.frontEnd.refused(FrontEnd.NET_SET_MTU, FrontEnd.u64(9001));
            rig.frontEnd.refused(FrontEnd.NET_SET_MTU, FrontEnd.u64(0x1_0000_05DCL));
            rig.frontEnd.refused(FrontEnd.NET_SET_MTU, FrontEnd.u64(0));

            assertEquals(1, network.announced.size());
            assertArrayEquals(new byte[] {2, 0, 0, 0, 0, 7}, network.announced.getFirst());
        }
    }

    @Test
    void they_are_not_offered_for_other_devices() {
        try (Rig rig = new Rig().connect()) {
            assertEquals(0, rig.frontEnd.get(FrontEnd.GET_PROTOCOL_FEATURES) & FEATURES);
            rig.frontEnd.refused(FrontEnd.SEND_RARP, new byte[8]);
            rig.frontEnd.refused(FrontEnd.NET_SET_MTU, FrontEnd.u64(1500));
        }
    }

    @Test
    void what_is_withheld_is_not_offered() {
        try (Rig rig = new Rig(Runner.manual(), builder -> builder.withhold(ProtocolFeature.STATUS)).connect()) {
            long offered = rig.frontEnd.get(FrontEnd.GET_PROTOCOL_FEATURES);
            assertEquals(0, offered & 1L << ProtocolFeature.STATUS.bit());
            assertEquals(0b1000_1011_0010_0010_1011L & ~(1L << 16), offered);
        }
    }
}
