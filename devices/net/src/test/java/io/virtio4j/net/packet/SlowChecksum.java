// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import java.util.Arrays;

/** Checksums as the RFCs describe them, a word at a time: what the fast ones are compared with. */
final class SlowChecksum {

    private SlowChecksum() {}

    /** The ones' complement sum of 16-bit words; an odd last byte is padded with zero. */
    static int sum(byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            int low = i + 1 < bytes.length ? bytes[i + 1] & 0xFF : 0;
            sum += (bytes[i] & 0xFF) << 8 | low;
            if (sum > 0xFFFF) {
                sum -= 0xFFFF; // the carry goes around
            }
        }
        return sum;
    }

    /** Whether bytes with their checksum in them, and a pseudo header before, add up. */
    static boolean isRight(byte[] pseudoHeader, byte[] bytes) {
        byte[] all = Arrays.copyOf(pseudoHeader, pseudoHeader.length + bytes.length);
        System.arraycopy(bytes, 0, all, pseudoHeader.length, bytes.length);
        return sum(all) == 0xFFFF;
    }
}
