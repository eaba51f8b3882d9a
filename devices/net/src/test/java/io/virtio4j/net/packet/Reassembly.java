// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;

/** Puts fragments of IP together again, and checks each on the way. */
final class Reassembly {

    private Reassembly() {}

    /** What IP carried. */
    static byte[] ofIpv4(Frame frame, List<byte[]> fragments, int size, String where) {
        Frame.Level level = frame.lastLevel();
        int at = level.offset();
        ByteArrayOutputStream carried = new ByteArrayOutputStream();
        for (int i = 0; i < fragments.size(); i++) {
            byte[] fragment = fragments.get(i);
            boolean last = i == fragments.size() - 1;
            assertEquals(fragment.length - at, SegmenterTest.get16(fragment, at + 2), where);
            assertEquals(SegmenterTest.get16(frame.bytes(), at + 4), SegmenterTest.get16(fragment, at + 4), where);
            int field = carried.size() / 8 | (last ? 0 : 0x2000);
            assertEquals(field, SegmenterTest.get16(fragment, at + 6), where);
            byte[] header = Arrays.copyOfRange(fragment, at, at + level.length());
            assertEquals(0xFFFF, SlowChecksum.sum(header), where);
            if (!last) {
                assertEquals(size, fragment.length - at - level.length(), where);
            }
            carried.write(fragment, at + level.length(), fragment.length - at - level.length());
        }
        return carried.toByteArray();
    }

    /** What was behind the fragment headers. */
    static byte[] ofIpv6(Frame frame, List<byte[]> fragments, int size, int id, String where) {
        if (fragments.size() == 1) {
            assertArrayEquals(frame.bytes(), fragments.getFirst(), where);
            return Arrays.copyOfRange(fragments.getFirst(), frame.lastLevel().offset() + 40,
                    fragments.getFirst().length);
        }
        int at = frame.lastLevel().offset();
        int[] place = fragmentHeader(fragments.getFirst(), at);
        int typeField = place[0];
        int header = place[1];
        ByteArrayOutputStream carried = new ByteArrayOutputStream();
        for (int i = 0; i < fragments.size(); i++) {
            byte[] fragment = fragments.get(i);
            boolean last = i == fragments.size() - 1;
            assertEquals(fragment.length - at - 40, SegmenterTest.get16(fragment, at + 4), where);
            assertEquals(frame.bytes()[typeField], fragment[header], where);
            assertEquals(carried.size() | (last ? 0 : 1), SegmenterTest.get16(fragment, header + 2), where);
            assertEquals(id, SegmenterTest.get32(fragment, header + 4), where);
            byte[] before = Arrays.copyOf(fragment, header);
            byte[] expected = Arrays.copyOf(frame.bytes(), header);
            before[typeField] = expected[typeField];
            before[at + 4] = expected[at + 4];
            before[at + 5] = expected[at + 5];
            assertArrayEquals(expected, before, where);
            if (!last) {
                assertEquals(size, fragment.length - header - 8, where);
            }
            carried.write(fragment, header + 8, fragment.length - header - 8);
        }
        return carried.toByteArray();
    }

    /** Where the type of the fragment header is, and the header itself: behind hop-by-hop and routing. */
    private static int[] fragmentHeader(byte[] fragment, int at) {
        int typeField = at + 6;
        int header = at + 40;
        while (fragment[typeField] != 44) {
            assertEquals(true, fragment[typeField] == 0 || fragment[typeField] == 43, "an unexpected header");
            typeField = header;
            header += 8 + 8 * fragment[header + 1];
        }
        return new int[] {typeField, header};
    }
}
