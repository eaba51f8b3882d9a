// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An Ethernet address.
 *
 * @param value 48 bits, the first byte on the wire in the highest of them
 */
public record MacAddress(long value) {

    /** Bytes of an address. */
    public static final int LENGTH = 6;

    /** Everybody. */
    public static final MacAddress BROADCAST = new MacAddress(0xFFFF_FFFF_FFFFL);

    private static final long GROUP = 1L << 40;
    private static final long LOCAL = 2L << 40;

    /** Checks that there are 48 bits. */
    public MacAddress {
        if (value >>> 48 != 0) {
            throw new IllegalArgumentException("an address has 48 bits: value=0x" + Long.toHexString(value));
        }
    }

    /**
     * Reads an address.
     *
     * @param text as in {@code 52:54:00:12:34:56}
     */
    public static MacAddress of(String text) {
        if (!text.matches("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")) {
            throw new IllegalArgumentException(
                    "an address looks like 52:54:00:12:34:56: address=" + text);
        }
        return new MacAddress(HexFormat.fromHexDigitsToLong(text.replace(":", "")));
    }

    /** A random address that is locally administered and of one station. */
    public static MacAddress random() {
        long random = ThreadLocalRandom.current().nextLong() & 0xFFFF_FFFF_FFFFL;
        return new MacAddress(random & ~GROUP | LOCAL);
    }

    /** Reads 48 bits from a buffer. */
    static long read(ByteBuf from, int index) {
        return (long) from.getUnsignedShort(index) << 32 | from.getUnsignedInt(index + 2);
    }

    /** Whether an address is that of a group: multicast or broadcast. */
    static boolean isGroup(long value) {
        return (value & GROUP) != 0;
    }

    /** Whether it is that of a group. */
    public boolean isGroup() {
        return isGroup(value);
    }

    /** The bytes as on the wire. */
    public byte[] bytes() {
        byte[] bytes = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            bytes[i] = (byte) (value >>> 8 * (LENGTH - 1 - i));
        }
        return bytes;
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(":").formatHex(bytes());
    }
}
