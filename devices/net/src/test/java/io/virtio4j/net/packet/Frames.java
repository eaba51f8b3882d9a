// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import java.util.Arrays;
import java.util.Random;

/** Frames of every kind, by a seed. */
final class Frames {

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int DESTINATION = 60;

    private final Random random;

    Frames(Random random) {
        this.random = random;
    }

    /** Some tags, perhaps a tunnel, IP of a version with options or extensions, and TCP or UDP. */
    Frame any(boolean tunnel, int version, boolean tcp, int payload) {
        Frame frame = Frame.ethernet(tags());
        if (tunnel) {
            network(frame, random.nextBoolean() ? 4 : 6, 17);
            frame.udp(random.nextBoolean() ? 4789 : 8472);
            byte[] tunnelHeader = new byte[8 + 4 * random.nextInt(4)];
            random.nextBytes(tunnelHeader);
            frame.add(tunnelHeader).link(tags());
        }
        network(frame, version, tcp ? 6 : 17);
        if (tcp) {
            int flags = 0x10 | random.nextInt(2) * 0x80 | random.nextInt(2) * 0x40 | random.nextInt(2) * 0x09;
            frame.tcp(flags, options(11));
        } else {
            frame.udp(random.nextInt(0x10000));
        }
        return frame.payload(payload, random);
    }

    int[] tags() {
        return switch (random.nextInt(3)) {
            case 0 -> new int[0];
            case 1 -> new int[] {0x8100};
            default -> new int[] {0x88A8, 0x8100};
        };
    }

    private void network(Frame frame, int version, int protocol) {
        if (version == 4) {
            frame.type(0x0800).ipv4(protocol, options(11));
            return;
        }
        frame.type(0x86DD);
        switch (random.nextInt(4)) {
            case 0 -> frame.ipv6(HOP_BY_HOP, protocol).extension(protocol, random.nextInt(3));
            case 1 -> frame.ipv6(HOP_BY_HOP, protocol).extension(ROUTING, 0)
                    .add(DESTINATION, 2, 2, 0, 0, 0, 0, 0).add(new byte[16]) // no segments left
                    .extension(protocol, random.nextInt(3));
            default -> frame.ipv6(protocol, protocol);
        }
    }

    /** No-operations, and their end. */
    private byte[] options(int mostWords) {
        byte[] options = new byte[4 * random.nextInt(mostWords)];
        Arrays.fill(options, (byte) 1);
        return options;
    }
}
