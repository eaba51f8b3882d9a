// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * Declares a structure of the kernel's interface once: members in order, the size in C beside them.
 */
final class CStruct {
    private CStruct() {}

    static StructLayout of(String name, long size, MemoryLayout... members) {
        StructLayout layout = MemoryLayout.structLayout(members).withName(name);
        if (layout.byteSize() != size) {
            throw new AssertionError(name + ": size=" + layout.byteSize() + " expected=" + size);
        }
        return layout;
    }

    static long offset(StructLayout layout, String member) {
        return layout.byteOffset(MemoryLayout.PathElement.groupElement(member));
    }
}
