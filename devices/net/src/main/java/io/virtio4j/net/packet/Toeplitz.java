// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * The Toeplitz hash of receive-side scaling, for one key. What each byte value contributes at each place is
 * computed beforehand. Immutable.
 */
public final class Toeplitz {

    /** The most bytes that are hashed: two IPv6 addresses and two ports. */
    public static final int MOST_INPUT = 36;

    /** The bytes of a key that can matter: one more word than the input. */
    public static final int KEY_LENGTH = MOST_INPUT + 4;

    private static final int VALUES = 256;

    private final int[] table = new int[MOST_INPUT * VALUES];

    /**
     * Computes the table of a key, 36 KiB.
     *
     * @param key of any length: zeroes follow a short one, and what is behind {@link #KEY_LENGTH} bytes does
     *     not matter. Copied
     */
    public Toeplitz(byte[] key) {
        for (int place = 0; place < MOST_INPUT; place++) {
            for (int bit = 0; bit < 8; bit++) {
                int window = window(key, place * 8 + bit);
                int single = 0x80 >>> bit;
                for (int value = 0; value < VALUES; value++) {
                    if ((value & single) != 0) {
                        table[place * VALUES + value] ^= window;
                    }
                }
            }
        }
    }

    /** The 32 bits of the key that start at a bit. */
    private static int window(byte[] key, int bit) {
        long bits = 0;
        for (int i = 0; i < 5; i++) {
            int at = bit / 8 + i;
            bits = bits << 8 | (at < key.length ? key[at] & 0xFF : 0);
        }
        return (int) (bits >>> 8 - bit % 8);
    }

    /**
     * Hashes on.
     *
     * @param hash so far: 0 in the beginning
     * @param place how many bytes were hashed before
     * @param input not changed
     * @param index of the first byte in the buffer
     * @param length at most {@link #MOST_INPUT} - {@code place}
     */
    public int hash(int hash, int place, ByteBuf input, int index, int length) {
        int result = hash;
        int row = place * VALUES;
        int at = index;
        for (int end = index + (length & ~3); at < end; at += 4) {
            int word = input.getInt(at);
            result ^= table[row + (word >>> 24)]
                    ^ table[row + VALUES + (word >>> 16 & 0xFF)]
                    ^ table[row + 2 * VALUES + (word >>> 8 & 0xFF)]
                    ^ table[row + 3 * VALUES + (word & 0xFF)];
            row += 4 * VALUES;
        }
        for (int end = index + length; at < end; at++) {
            result ^= table[row + (input.getByte(at) & 0xFF)];
            row += VALUES;
        }
        return result;
    }
}
