// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.DeviceContract;
import java.util.Arrays;

/** What holds for every device, by packets that are transmitted. */
class TransmitContractTest extends DeviceContract {

    /** Works for all sizes of the header: what is behind a shorter one is part of the packet. */
    private static final int LONGEST_HEADER = 32;

    private final Wire wire = new Wire();

    @Override
    protected VirtioDevice device() {
        return NetDevice.of(wire).mac(Packets.GUEST).queuePairs(2).build();
    }

    @Override
    protected Request request(int number) {
        byte[] packet = Packets.plain(Packets.PEER, 60 + 100 * (number % 4));
        byte[] buffer = new byte[LONGEST_HEADER + packet.length];
        System.arraycopy(packet, 0, buffer, LONGEST_HEADER, packet.length);
        return new Request(1, buffer, 0, done -> {
            assertEquals(0, done.usedLength());
            assertTrue(wire.sent.stream().anyMatch(sent -> endsWith(sent.packet(), packet)), "was sent");
        });
    }

    private static boolean endsWith(byte[] bytes, byte[] end) {
        return bytes.length >= end.length
                && Arrays.equals(bytes, bytes.length - end.length, bytes.length, end, 0, end.length);
    }
}
