// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * Declares the fields of one packed, little-endian structure in order and computes their offsets.
 *
 * <p>Used from static initializers only; not safe for use by several threads. Fields are not aligned
 * automatically: as in the specification, padding is a field of its own.
 */
public final class StructLayout {

    private record Member(String type, String name, int offset, int size) {}

    private final String name;
    private final List<Member> members = new ArrayList<>();
    private int end;

    private StructLayout(String name) {
        this.name = name;
    }

    /**
     * Starts a structure.
     *
     * @param name the structure's name in the specification, for messages
     */
    public static StructLayout of(String name) {
        return new StructLayout(name);
    }

    /** Declares an 8 bit field. */
    public U8 u8(String field) {
        return new U8(next("u8", field, 1));
    }

    /** Declares a {@code le16}. */
    public Le16 le16(String field) {
        return new Le16(next("le16", field, 2));
    }

    /** Declares a {@code le32}. */
    public Le32 le32(String field) {
        return new Le32(next("le32", field, 4));
    }

    /** Declares a {@code le64}. */
    public Le64 le64(String field) {
        return new Le64(next("le64", field, 8));
    }

    /**
     * Declares an array of bytes, or padding.
     *
     * @return the offset of its first byte
     */
    public int bytes(String field, int length) {
        if (length < 0) {
            throw new IllegalArgumentException(
                    "negative length: struct=" + name + " field=" + field + " length=" + length);
        }
        return next("u8[" + length + "]", field, length);
    }

    /**
     * Ends the structure and checks its size.
     *
     * @param expected the size in bytes that the specification gives
     * @return {@code expected}
     * @throws IllegalStateException if the fields add up to another size
     */
    public int size(int expected) {
        if (end != expected) {
            throw new IllegalStateException(
                    "structure size: struct=" + name + " fields=" + end + " expected=" + expected);
        }
        return expected;
    }

    private int next(String type, String field, int size) {
        int offset = end;
        members.add(new Member(type, field, offset, size));
        end = Math.addExact(end, size);
        return offset;
    }

    /** Prints the structure, a line per field: offset, type, name. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("struct ").append(name).append(" {\n");
        for (Member member : members) {
            text.append(String.format("    /* %3d */ %s %s;%n", member.offset, member.type, member.name));
        }
        return text.append("}; /* ").append(end).append(" bytes */").toString();
    }
}
