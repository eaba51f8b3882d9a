// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.scmi.protocol.PlatformClock;
import io.virtio4j.scmi.protocol.ScmiCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How often and how long each level of each domain was in use, where the driver can read it. What the driver
 * writes there is of no consequence: nothing is read back. [DEN0056: Statistics shared memory region]
 */
final class DomainStatistics {

    /** "POWR". */
    static final int POWER = 0x504F5752;
    /** "PERF". */
    static final int PERFORMANCE = 0x50455246;

    /** The header, before an array of {@code le32} offsets, one for each domain. */
    private static final class Header {
        private static final StructLayout LAYOUT = StructLayout.of("statistics header");
        static final Le32 SIGNATURE = LAYOUT.le32("signature");
        static final Le16 REVISION = LAYOUT.le16("revision");
        static final int ATTRIBUTES = LAYOUT.bytes("attributes", 2);
        static final Le16 DOMAIN_COUNT = LAYOUT.le16("domain_count");
        static final int RESERVED = LAYOUT.bytes("reserved", 6);
        static final int SIZE = LAYOUT.size(16);
    }

    /** A domain, before its levels. */
    private static final class DomainSection {
        private static final StructLayout LAYOUT = StructLayout.of("domain statistics");
        static final Le16 LEVEL_COUNT = LAYOUT.le16("level_count");
        static final Le16 CURRENT_LEVEL = LAYOUT.le16("current_level");
        static final int EXTENDED_OFFSET = LAYOUT.bytes("extended_statistics_offset", 4);
        static final Le64 LAST_CHANGE_US = LAYOUT.le64("last_change_us");
        static final int SIZE = LAYOUT.size(16);
    }

    /** A level of a domain. */
    private static final class LevelSection {
        private static final StructLayout LAYOUT = StructLayout.of("level statistics");
        static final Le32 LEVEL = LAYOUT.le32("level");
        static final int RESERVED = LAYOUT.bytes("reserved", 4);
        static final Le64 USAGE_COUNT = LAYOUT.le64("usage_count");
        static final Le64 RESIDENCY_US = LAYOUT.le64("residency_us");
        static final int SIZE = LAYOUT.size(24);
    }

    private static final Le32 OFFSET = new Le32(0);
    private static final int PAGE = 4096;
    private static final int REVISION = 1;
    private static final long NANOS_PER_MICRO = 1_000;

    private final int shmid;
    private final PlatformClock clock;
    private final long start;
    private final MemorySegment memory;
    private final int[] offsets;
    private final int[] current;
    private final long[] since;
    private final long[][] used;
    private final long[][] residency;

    /**
     * Makes a region.
     *
     * @param levels the levels of each domain
     * @param initial the index of each domain's level now
     */
    DomainStatistics(int shmid, int signature, List<long[]> levels, int[] initial, PlatformClock clock) {
        this.shmid = shmid;
        this.clock = clock;
        start = clock.nanoTime();
        int domains = levels.size();
        offsets = new int[domains];
        current = initial.clone();
        since = new long[domains];
        used = new long[domains][];
        residency = new long[domains][];
        int end = Header.SIZE + 4 * domains + 7 & ~7;
        for (int i = 0; i < domains; i++) {
            int count = levels.get(i).length;
            offsets[i] = end;
            used[i] = new long[count];
            residency[i] = new long[count];
            end += DomainSection.SIZE + count * LevelSection.SIZE;
        }
        memory = Arena.ofAuto().allocate(end + PAGE - 1 & -PAGE, PAGE);
        Header.SIGNATURE.set(memory, 0, signature);
        Header.REVISION.set(memory, 0, REVISION);
        Header.DOMAIN_COUNT.set(memory, 0, domains);
        for (int i = 0; i < domains; i++) {
            describe(i, levels.get(i));
        }
    }

    private void describe(int domain, long[] levels) {
        OFFSET.set(memory, Header.SIZE + 4L * domain, offsets[domain]);
        DomainSection.LEVEL_COUNT.set(memory, offsets[domain], levels.length);
        for (int i = 0; i < levels.length; i++) {
            LevelSection.LEVEL.set(memory, level(domain, i), levels[i]);
        }
        used[domain][current[domain]] = 1;
        show(domain, current[domain]);
    }

    private long level(int domain, int index) {
        return offsets[domain] + DomainSection.SIZE + (long) index * LevelSection.SIZE;
    }

    /** The regions of a protocol: one, if it keeps statistics. */
    static List<SharedMemoryRegion> regions(@Nullable DomainStatistics kept) {
        return kept == null ? List.of() : List.of(kept.region());
    }

    /**
     * What a protocol says of its region: the driver knows it by its id, and the device is not told where it maps
     * it, so the address is 0; so is the length if there is none.
     */
    static void append(ScmiCall call, @Nullable DomainStatistics kept) {
        call.results().le64(0).le32(kept != null && call.hasStatistics() ? kept.region().length() : 0);
    }

    SharedMemoryRegion region() {
        return new SharedMemoryRegion(shmid, memory);
    }

    /** A domain goes to a level. */
    void enter(int domain, int index) {
        long now = (clock.nanoTime() - start) / NANOS_PER_MICRO;
        int before = current[domain];
        residency[domain][before] += now - since[domain];
        used[domain][index]++;
        since[domain] = now;
        current[domain] = index;
        show(domain, before);
        show(domain, index);
    }

    private void show(int domain, int index) {
        long at = level(domain, index);
        LevelSection.USAGE_COUNT.set(memory, at, used[domain][index]);
        LevelSection.RESIDENCY_US.set(memory, at, residency[domain][index]);
        DomainSection.CURRENT_LEVEL.set(memory, offsets[domain], current[domain]);
        DomainSection.LAST_CHANGE_US.set(memory, offsets[domain], since[domain]);
    }
}
