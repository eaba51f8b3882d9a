// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class StructLayoutTest {

    @Test
    void fields_follow_each_other_without_padding() {
        StructLayout layout = StructLayout.of("sample");
        U8 first = layout.u8("first");
        Le16 second = layout.le16("second");
        Le32 third = layout.le32("third");
        Le64 fourth = layout.le64("fourth");

        assertEquals(15, layout.bytes("fifth", 5));
        assertEquals(20, layout.size(20));
        assertEquals(0, first.offset());
        assertEquals(1, second.offset());
        assertEquals(3, third.offset());
        assertEquals(7, fourth.offset());
    }

    @Test
    void values_are_little_endian_and_unsigned_at_any_alignment() {
        StructLayout layout = StructLayout.of("sample");
        U8 u8 = layout.u8("u8");
        Le16 le16 = layout.le16("le16");
        Le32 le32 = layout.le32("le32");
        Le64 le64 = layout.le64("le64");
        byte[] bytes = new byte[layout.size(15)];
        MemorySegment at = MemorySegment.ofArray(bytes);

        u8.set(at, 0, 0xF1);
        le16.set(at, 0, 0xF2E2);
        le32.set(at, 0, 0xF3E3D3C3L);
        le64.set(at, 0, 0xF4E4D4C4B4A49484L);

        assertArrayEquals(new byte[] {
            (byte) 0xF1, (byte) 0xE2, (byte) 0xF2, (byte) 0xC3, (byte) 0xD3, (byte) 0xE3, (byte) 0xF3,
            (byte) 0x84, (byte) 0x94, (byte) 0xA4, (byte) 0xB4, (byte) 0xC4, (byte) 0xD4, (byte) 0xE4,
            (byte) 0xF4}, bytes);
        assertEquals(0xF1, u8.get(at, 0));
        assertEquals(0xF2E2, le16.get(at, 0));
        assertEquals(0xF3E3D3C3L, le32.get(at, 0));
        assertEquals(0xF4E4D4C4B4A49484L, le64.get(at, 0));
    }

    @Test
    void a_size_that_the_fields_do_not_add_up_to_is_found_at_once() {
        StructLayout layout = StructLayout.of("sample");
        layout.le32("field");

        String message =
                assertThrows(IllegalStateException.class, () -> layout.size(8)).getMessage();

        assertEquals("structure size: struct=sample fields=4 expected=8", message);
        assertThrows(IllegalArgumentException.class, () -> layout.bytes("negative", -1));
        assertTrue(layout.toString().contains("le32 field;"));
    }
}
