// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {

    /** The example of RFC 1071. */
    @Test
    void the_sum_of_the_rfcs_example() {
        ByteBuf bytes = Unpooled.wrappedBuffer(
                new byte[] {0x00, 0x01, (byte) 0xf2, 0x03, (byte) 0xf4, (byte) 0xf5, (byte) 0xf6, (byte) 0xf7});

        assertEquals(0xddf2, InternetChecksum.sum(bytes, 0, 8));
        assertEquals(0x220d, InternetChecksum.checksum(0xddf2));
    }

    @Test
    void all_kinds_of_memory_sum_up_like_the_slow_one_at_every_offset_and_length() {
        long seed = 20261125;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        byte[] bytes = new byte[300];
        random.nextBytes(bytes);
        ByteBuf heap = Unpooled.wrappedBuffer(bytes, 0, 300);
        ByteBuf heapInside = Unpooled.wrappedBuffer(new byte[5], bytes).slice(5, 300);
        ByteBuf direct = Unpooled.directBuffer(300).writeBytes(bytes);
        ByteBuf composite = Unpooled.wrappedBuffer(
                Unpooled.copiedBuffer(bytes, 0, 97), Unpooled.directBuffer(203).writeBytes(bytes, 97, 203));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(300);
            segment.copyFrom(MemorySegment.ofArray(bytes));
            for (int from = 0; from < 20; from++) {
                for (int length = 0; length <= 300 - from; length++) {
                    int expected = SlowChecksum.sum(Arrays.copyOfRange(bytes, from, from + length));
                    String where = "from=" + from + " length=" + length;
                    assertEquals(expected, InternetChecksum.sum(heap, from, length), where);
                    assertEquals(expected, InternetChecksum.sum(heapInside, from, length), where);
                    assertEquals(expected, InternetChecksum.sum(direct, from, length), where);
                    assertEquals(expected, InternetChecksum.sum(composite, from, length), where);
                    assertEquals(expected, InternetChecksum.sum(segment, from, length), where);
                }
            }
        }
        direct.release();
        heapInside.release();
        composite.release();
    }

    @Test
    void carries_are_not_lost_in_the_largest_packet() {
        byte[] ones = new byte[65_535 + 320];
        Arrays.fill(ones, (byte) 0xFF);

        assertEquals(SlowChecksum.sum(ones), InternetChecksum.sum(Unpooled.wrappedBuffer(ones), 0, ones.length));
        assertEquals(0xFFFF, InternetChecksum.sum(Unpooled.wrappedBuffer(ones), 0, 65_536));
        assertEquals(0, InternetChecksum.sum(Unpooled.wrappedBuffer(new byte[64]), 0, 64));
    }

    @Test
    void parts_add_up_to_the_whole_swapped_behind_an_odd_one() {
        Random random = new Random(7);
        byte[] bytes = new byte[120];
        random.nextBytes(bytes);
        ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
        for (int cut = 0; cut <= bytes.length; cut++) {
            int first = InternetChecksum.sum(buffer, 0, cut);
            int second = InternetChecksum.sum(buffer, cut, bytes.length - cut);
            int sum = first + ((cut & 1) != 0 ? InternetChecksum.swap(second) : second);

            assertEquals(SlowChecksum.sum(bytes), InternetChecksum.fold(sum), "cut=" + cut);
        }
    }

    @Test
    void an_update_is_what_summing_up_again_gives() {
        Random random = new Random(11);
        for (int i = 0; i < 10_000; i++) {
            byte[] header = new byte[20];
            random.nextBytes(header);
            int checksum = InternetChecksum.checksum(SlowChecksum.sum(header));
            int was = (header[6] & 0xFF) << 8 | header[7] & 0xFF;
            int is = random.nextInt(4) == 0 ? 0 : random.nextInt(0x10000);
            header[6] = (byte) (is >> 8);
            header[7] = (byte) is;

            assertEquals(InternetChecksum.checksum(SlowChecksum.sum(header)),
                    InternetChecksum.update(checksum, was, is), "round=" + i);
        }
    }

    @Test
    void bytes_outside_of_a_buffer_are_refused_whatever_lies_there() {
        ByteBuf inside = Unpooled.wrappedBuffer(new byte[100]).slice(10, 20);

        assertThrows(IndexOutOfBoundsException.class, () -> InternetChecksum.sum(inside, 0, 21));
        assertThrows(IndexOutOfBoundsException.class, () -> InternetChecksum.sum(inside, -1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> InternetChecksum.sum(inside, 0, -1));
        ByteBuf direct = Unpooled.directBuffer(8, 8);
        assertThrows(IndexOutOfBoundsException.class, () -> InternetChecksum.sum(direct, 4, 5));
        direct.release();
    }
}
