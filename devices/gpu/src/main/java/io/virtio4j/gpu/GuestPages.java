// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.ChainReader;

/** Checks the entries of the guest's pages before anything is allocated for them. */
final class GuestPages {

    private final Adapter adapter;

    GuestPages(Adapter adapter) {
        this.adapter = adapter;
    }

    /** The answer if so many entries cannot be taken; 0 if they can, and are all in the request. */
    int check(ChainReader in, long entries) {
        if (entries > in.remaining() / Backing.ENTRY_SIZE) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        return adapter.hasRoomForEntries(entries) ? 0 : ControlType.ERR_OUT_OF_MEMORY;
    }

    /** Whether all pages are memory of the device. */
    boolean isThere(Backing backing) {
        GuestMemory guest = adapter.memory();
        if (guest == null) {
            return false;
        }
        MemoryMap map = guest.pin();
        try {
            return backing.isInMemory(map, false);
        } finally {
            map.unpin();
        }
    }
}
