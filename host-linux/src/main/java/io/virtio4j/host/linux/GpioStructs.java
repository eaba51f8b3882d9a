// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.charset.StandardCharsets;

/** Structures and requests of GPIO character devices, version 2 of the interface: {@code linux/gpio.h}. */
final class GpioStructs {
    /** Bytes of a name, the final zero included. */
    static final int NAME_SIZE = 32;

    private static final int LINES_MAX = 64;
    private static final int ATTRIBUTES_MAX = 10;

    static final StructLayout CHIP_INFO = CStruct.of("gpiochip_info", 68,
            name("name"), name("label"), JAVA_INT.withName("lines"));

    static final StructLayout ATTRIBUTE = CStruct.of("gpio_v2_line_attribute", 16,
            JAVA_INT.withName("id"), JAVA_INT.withName("padding"), JAVA_LONG.withName("values"));

    static final StructLayout LINE_INFO = CStruct.of("gpio_v2_line_info", 256,
            name("name"), name("consumer"), JAVA_INT.withName("offset"), JAVA_INT.withName("num_attrs"),
            JAVA_LONG.withName("flags"),
            MemoryLayout.sequenceLayout(ATTRIBUTES_MAX, ATTRIBUTE).withName("attrs"), padding(4));

    static final StructLayout CONFIG_ATTRIBUTE = CStruct.of("gpio_v2_line_config_attribute", 24,
            ATTRIBUTE.withName("attr"), JAVA_LONG.withName("mask"));

    static final StructLayout CONFIG = CStruct.of("gpio_v2_line_config", 272,
            JAVA_LONG.withName("flags"), JAVA_INT.withName("num_attrs"), padding(5),
            MemoryLayout.sequenceLayout(ATTRIBUTES_MAX, CONFIG_ATTRIBUTE).withName("attrs"));

    static final StructLayout REQUEST = CStruct.of("gpio_v2_line_request", 592,
            MemoryLayout.sequenceLayout(LINES_MAX, JAVA_INT).withName("offsets"), name("consumer"),
            CONFIG.withName("config"), JAVA_INT.withName("num_lines"),
            JAVA_INT.withName("event_buffer_size"), padding(5), JAVA_INT.withName("fd"));

    static final StructLayout VALUES = CStruct.of("gpio_v2_line_values", 16,
            JAVA_LONG.withName("bits"), JAVA_LONG.withName("mask"));

    static final StructLayout EVENT = CStruct.of("gpio_v2_line_event", 48,
            JAVA_LONG.withName("timestamp_ns"), JAVA_INT.withName("id"), JAVA_INT.withName("offset"),
            JAVA_INT.withName("seqno"), JAVA_INT.withName("line_seqno"), padding(6));

    private static final int READ = 2;
    private static final int READ_WRITE = 3;

    static final int GET_CHIPINFO = request(READ, 0x01, CHIP_INFO);
    static final int GET_LINEINFO = request(READ_WRITE, 0x05, LINE_INFO);
    static final int GET_LINE = request(READ_WRITE, 0x07, REQUEST);
    static final int LINE_SET_CONFIG = request(READ_WRITE, 0x0D, CONFIG);
    static final int LINE_GET_VALUES = request(READ_WRITE, 0x0E, VALUES);
    static final int LINE_SET_VALUES = request(READ_WRITE, 0x0F, VALUES);

    static final int EVENT_RISING_EDGE = 1;

    private static final int ATTRIBUTE_OUTPUT_VALUES = 2;

    private static final long FLAGS = CStruct.offset(CONFIG, "flags");
    private static final long ATTRIBUTE_COUNT = CStruct.offset(CONFIG, "num_attrs");
    private static final long ATTRIBUTES = CStruct.offset(CONFIG, "attrs");
    private static final long MASK = CStruct.offset(CONFIG_ATTRIBUTE, "mask");
    private static final long VALUE = CStruct.offset(ATTRIBUTE, "values");

    private GpioStructs() {}

    private static MemoryLayout name(String member) {
        return MemoryLayout.sequenceLayout(NAME_SIZE, JAVA_BYTE).withName(member);
    }

    private static MemoryLayout padding(int words) {
        return MemoryLayout.paddingLayout(4L * words);
    }

    /** Direction, size, type and number of an ioctl, as the macros of C put them together. */
    private static int request(int direction, int number, StructLayout argument) {
        return direction << 30 | (int) argument.byteSize() << 16 | 0xB4 << 8 | number;
    }

    static String text(MemorySegment struct, StructLayout layout, String member) {
        MemorySegment bytes = struct.asSlice(CStruct.offset(layout, member), NAME_SIZE);
        byte[] name = bytes.toArray(JAVA_BYTE);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new String(name, 0, length, StandardCharsets.UTF_8);
    }

    /** Fills in a configuration of one line; outputs get their level at once. */
    static void configure(MemorySegment struct, long at, long flags, boolean high) {
        struct.asSlice(at, CONFIG.byteSize()).fill((byte) 0);
        struct.set(JAVA_LONG, at + FLAGS, flags);
        if ((flags & GpioLine.OUTPUT) != 0) {
            struct.set(JAVA_INT, at + ATTRIBUTE_COUNT, 1);
            struct.set(JAVA_INT, at + ATTRIBUTES, ATTRIBUTE_OUTPUT_VALUES);
            struct.set(JAVA_LONG, at + ATTRIBUTES + VALUE, high ? 1 : 0);
            struct.set(JAVA_LONG, at + ATTRIBUTES + MASK, 1);
        }
    }
}
