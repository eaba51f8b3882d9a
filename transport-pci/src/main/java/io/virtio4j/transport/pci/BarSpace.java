// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is in the BARs: finds the structure that an access goes to. */
final class BarSpace {

    private record Entry(BarArea area, Region region) {}

    private final Entry[][] entries;
    private final List<BarArea> areas;

    BarSpace(List<BarArea> areas, List<Region> regions) {
        this.areas = List.copyOf(areas);
        List<List<Entry>> byBar = new ArrayList<>();
        for (int bar = 0; bar < PciBar.COUNT; bar++) {
            byBar.add(new ArrayList<>());
        }
        for (int i = 0; i < areas.size(); i++) {
            BarArea area = areas.get(i);
            List<Entry> list = byBar.get(area.bar());
            // Notifications come more often than anything else.
            list.add(area.structure() == PciStructure.NOTIFY ? 0 : list.size(),
                    new Entry(area, regions.get(i)));
        }
        entries = byBar.stream().map(list -> list.toArray(new Entry[0])).toArray(Entry[][]::new);
    }

    List<BarArea> areas() {
        return areas;
    }

    long read(int bar, long offset, int width) {
        Entry entry = find(bar, offset, width);
        return entry == null ? 0 : entry.region.read(offset - entry.area.offset(), width);
    }

    void write(int bar, long offset, int width, long value) {
        Entry entry = find(bar, offset, width);
        if (entry != null) {
            entry.region.write(offset - entry.area.offset(), width, value);
        }
    }

    /** Whether an access lies in a structure that the configuration access window reaches. */
    boolean isInWindow(int bar, long offset, int width) {
        Entry entry = find(bar, offset, width);
        return entry != null && entry.area.structure().isInWindow();
    }

    private @Nullable Entry find(int bar, long offset, int width) {
        if (bar < 0 || bar >= PciBar.COUNT || !Width.isMemory(width)) {
            return null;
        }
        for (Entry entry : entries[bar]) {
            if (entry.area.covers(offset, width)) {
                return entry;
            }
        }
        return null;
    }
}
