// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.MemoryMap;

/** Where the driver placed a ring: three areas, by its addresses. */
record RingAreas(Place descriptorArea, Place driverArea, Place deviceArea) {

    /**
     * One of them.
     *
     * @param bytes how long it is
     * @param write whether the device writes to it
     */
    record Place(String what, long address, long bytes, boolean write) {

        private boolean isIn(MemoryMap map) {
            return map.resolve(address, bytes, write) != null;
        }

        /** Finds the area in memory, where it can be used as a ring. */
        MemoryMap.Area find(MemoryMap map, String queue) {
            MemoryMap.Area area = map.resolve(address, bytes, write);
            if (area == null) {
                throw new RingFault(what + " area is not in guest memory: queue=" + queue
                        + " address=0x" + Long.toHexString(address) + " bytes=" + bytes);
            }
            // Ordered access needs the host's alignment too.
            if ((area.segment().address() & 7) != (area.physicalAddress() & 7)) {
                throw new RingFault(what + " area is not aligned in host memory: queue=" + queue
                        + " address=0x" + Long.toHexString(address));
            }
            return area;
        }
    }

    static RingAreas of(QueueConfig config, RingFeatures features) {
        long size = config.size();
        boolean eventIndex = features.eventIndex();
        return features.format() == RingFormat.SPLIT
                ? new RingAreas(
                        new Place("descriptor", config.descriptorArea(), VirtqDesc.SIZE * size, false),
                        new Place("driver", config.driverArea(),
                                VirtqAvail.bytes(config.size(), eventIndex), false),
                        new Place("device", config.deviceArea(),
                                VirtqUsed.bytes(config.size(), eventIndex), true))
                : new RingAreas(
                        new Place("descriptor", config.descriptorArea(), PackedDesc.SIZE * size, true),
                        new Place("driver", config.driverArea(), EventSuppress.SIZE, false),
                        new Place("device", config.deviceArea(), EventSuppress.SIZE, true));
    }

    /** Whether all of them are memory. */
    boolean isIn(MemoryMap map) {
        return descriptorArea.isIn(map) && driverArea.isIn(map) && deviceArea.isIn(map);
    }
}
