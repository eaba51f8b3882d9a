// SPDX-License-Identifier: Apache-2.0

/**
 * How bytes are laid out: the integer types of the specification and structures declared with them.
 *
 * <p>A structure is a final class of static fields, declared once, in the order of the
 * specification. Offsets follow from the order; the closing {@code size(n)} fails class
 * initialization when the fields do not add up:
 *
 * <pre>{@code
 * final class VirtqUsedElem {
 *     private static final StructLayout LAYOUT = StructLayout.of("virtq_used_elem");
 *     static final Le32 ID = LAYOUT.le32("id");
 *     static final Le32 LEN = LAYOUT.le32("len");
 *     static final int SIZE = LAYOUT.size(8);
 * }
 * }</pre>
 *
 * <p>A field is used as {@code VirtqUsedElem.ID.get(segment, at)}, where {@code at} is the offset of
 * the structure in the segment. Values are unsigned: a {@code le16} is returned as {@code int}, a
 * {@code le32} as {@code long}, a {@code le64} as the {@code long} with the same bits. Nothing is
 * allocated. [Structure Specifications]
 */
@NullMarked
package io.virtio4j.core.wire;

import org.jspecify.annotations.NullMarked;
