// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ToeplitzTest {

    /** The key of Microsoft's verification suite. */
    static final byte[] KEY = HexFormat.of().parseHex(
            "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    private final Toeplitz toeplitz = new Toeplitz(KEY);

    /** Microsoft's "Verifying the RSS Hash Calculation". */
    @ParameterizedTest
    @CsvSource({
        "161.142.100.80, 1766, 66.9.149.187, 2794, 323e8fc2, 51ccc178",
        "65.69.140.83, 4739, 199.92.111.2, 14230, d718262a, c626b0ea",
        "12.22.207.184, 38024, 24.19.198.95, 12898, d2d0a5de, 5c2b394a",
        "209.142.163.6, 2217, 38.27.205.30, 48228, 82989176, afc7327f",
        "202.188.127.2, 1303, 153.39.163.191, 44251, 5d1809c5, 10e828a2",
        "3ffe:2501:200:3::1, 1766, 3ffe:2501:200:1fff::7, 2794, 2cc18cd5, 40207d3d",
        "ff02::1, 4739, 3ffe:501:8::260:97ff:fe40:efab, 14230, 0f0c461c, dde51bbf",
        "fe80::200:f8ff:fe21:67cf, 38024, 3ffe:1900:4545:3:200:f8ff:fe21:67cf, 44251, 4b61e985, 02d1feef",
    })
    void the_published_hashes(String destination, int destinationPort, String source, int sourcePort,
            String addresses, String withPorts) throws UnknownHostException {
        ByteBuf input = Unpooled.buffer();
        input.writeBytes(InetAddress.getByName(source).getAddress());
        input.writeBytes(InetAddress.getByName(destination).getAddress());
        int length = input.readableBytes();
        input.writeShort(sourcePort).writeShort(destinationPort);

        int hash = toeplitz.hash(0, 0, input, 0, length);

        assertEquals(addresses, HexFormat.of().toHexDigits(hash));
        assertEquals(withPorts, HexFormat.of().toHexDigits(toeplitz.hash(hash, length, input, length, 4)));
        assertEquals(withPorts, HexFormat.of().toHexDigits(toeplitz.hash(0, 0, input, 0, length + 4)));
    }

    @Test
    void every_length_and_key_is_hashed_as_bit_by_bit() {
        long seed = 99;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int keyLength : new int[] {0, 1, 16, 39, 40, 52, 255}) {
            byte[] key = new byte[keyLength];
            random.nextBytes(key);
            Toeplitz fast = new Toeplitz(key);
            for (int length = 0; length <= Toeplitz.MOST_INPUT; length++) {
                byte[] input = new byte[length];
                random.nextBytes(input);

                assertEquals(bitByBit(key, input), fast.hash(0, 0, Unpooled.wrappedBuffer(input), 0, length),
                        "keyLength=" + keyLength + " length=" + length);
            }
        }
    }

    private static int bitByBit(byte[] key, byte[] input) {
        int result = 0;
        for (int bit = 0; bit < input.length * 8; bit++) {
            if (bit(input, bit)) {
                for (int i = 0; i < 32; i++) {
                    result ^= bit(key, bit + i) ? 1 << 31 - i : 0;
                }
            }
        }
        return result;
    }

    private static boolean bit(byte[] bytes, int bit) {
        return bit / 8 < bytes.length && (bytes[bit / 8] >> 7 - bit % 8 & 1) != 0;
    }
}
