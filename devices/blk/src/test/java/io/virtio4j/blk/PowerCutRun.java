// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Random work of a driver with two queues, everything on one thread in an order that the seed decides; then a
 * power cut at every moment of it.
 */
final class PowerCutRun {

    static final int SECTORS = 64;
    static final int SIZE = SECTORS * 512;

    private static final int STEPS = 400;
    private static final int MOST_SECTORS = 12;

    /** Makes a backend of recorded storage. */
    interface Build {
        BlockStorage backend(RecordedStorage storage, SplittableRandom random, Executor steps)
                throws IOException;
    }

    /** Finds out what a disk holds, from what is left of the storage. */
    interface Recover {
        byte[] disk(byte[] image) throws IOException;
    }

    /**
     * What is cut.
     *
     * @param storageSize bytes of the recorded storage
     * @param tears whether sectors that are written may be torn
     */
    record Setup(long storageSize, boolean tears, Build build, Recover recover) {}

    /** What a sector was to hold, from when to when that was how sure. */
    private static final class Version {
        final byte[] content;
        final long submitted;
        long completed = Long.MAX_VALUE;
        long stable = Long.MAX_VALUE;

        Version(byte[] content, long submitted) {
            this.content = content;
            this.submitted = submitted;
        }
    }

    /** A request in work. */
    private record Pending(Submitted submitted, long time, boolean flush, boolean writeThrough, long first,
            List<Version> versions) {}

    /** Runs tasks when and in which order it is told. */
    private static final class Steps implements Executor {
        private final List<Runnable> tasks = new ArrayList<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        boolean runOne(SplittableRandom random) {
            if (tasks.isEmpty()) {
                return false;
            }
            tasks.remove(random.nextInt(tasks.size())).run();
            return true;
        }
    }

    private final Setup setup;
    private final long seed;
    private final SplittableRandom random;
    private final AtomicLong clock = new AtomicLong();
    private final RecordedStorage storage;
    private final Steps steps = new Steps();
    private final List<List<Version>> sectors = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();
    private final BitSet busy = new BitSet();
    private final TestDriver driver;

    /** Whether the driver can flush, and whether it can switch the cache. */
    private final boolean flush;
    private final boolean configWce;

    /** The last moment at which the mode changed. */
    private boolean writeThrough;
    private long switched;
    private long stamp;

    /** The storage was ready: cuts come after this. */
    private final long begin;

    PowerCutRun(Setup setup, long seed) throws IOException {
        this.setup = setup;
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.storage = new RecordedStorage(setup.storageSize, clock);
        this.flush = random.nextInt(4) != 0;
        this.configWce = random.nextInt(3) != 0;
        for (int i = 0; i < SECTORS; i++) {
            sectors.add(new ArrayList<>(List.of(new Version(new byte[512], 0))));
            sectors.get(i).getFirst().stable = 0;
        }
        BlockStorage backend = setup.build.backend(storage, random.split(), steps);
        begin = clock.get();
        BlockDeviceBuilder builder = switch (backend) {
            case AsyncBlockBackend async -> BlockDevice.of(async);
            case BlockBackend blocking -> BlockDevice.of(blocking);
        };
        BlockDevice device = builder.queues(2).forceThread(steps).build();
        driver = attach(device);
        writeThrough = !flush;
    }

    private TestDriver attach(BlockDevice device) {
        DriverOptions options = DriverOptions.split().queueSize(16);
        options = flush ? options : options.without(BlockFeature.FLUSH);
        options = configWce ? options : options.without(BlockFeature.CONFIG_WCE);
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 1 << 20);
        return TestDriver.attach(device, ram, builder -> {}).start(options);
    }

    /** Works, cuts, and checks; says how many cuts that were. */
    int play() throws IOException {
        try (driver) {
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            while (!pending.isEmpty()) {
                steps.runOne(random);
                driver.runDevice();
                collect();
            }
        }
        int cuts = 0;
        for (long cut = begin; cut <= clock.get(); cut++) {
            check(cut);
            cuts++;
        }
        return cuts;
    }

    // ── Work ───────────────────────────────────────────────────────────────

    private void step() {
        switch (random.nextInt(8)) {
            case 0, 1 -> write();
            case 2 -> flushOrSwitch();
            case 3, 4 -> steps.runOne(random);
            case 5 -> driver.instance().poll(1);
            default -> {
                driver.runDevice();
                collect();
            }
        }
    }

    private DriverQueue queue() {
        return driver.queue(random.nextInt(2));
    }

    private void write() {
        int count = 1 + random.nextInt(MOST_SECTORS);
        int first = random.nextInt(SECTORS - count + 1);
        int next = busy.nextSetBit(first);
        DriverQueue queue = queue();
        if (next >= 0 && next < first + count || queue.free() < 4) {
            return;
        }
        busy.set(first, first + count);
        boolean zeroes = random.nextInt(5) == 0;
        byte[] data = new byte[count * 512];
        if (!zeroes) {
            for (int i = 0; i < count; i++) {
                Arrays.fill(data, i * 512, (i + 1) * 512, (byte) first);
                ByteBuffer.wrap(data).putLong(i * 512, ++stamp).putLong((i + 1) * 512 - 8, stamp);
            }
        }
        long time = storage.now();
        List<Version> versions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Version version = new Version(Arrays.copyOfRange(data, i * 512, (i + 1) * 512), time);
            versions.add(version);
            sectors.get(first + i).add(version);
        }
        byte[] request = zeroes
                ? Disk.bytes(Disk.WRITE_ZEROES, 0, Disk.Range.bytes(new Disk.Range(first, count, 0)))
                : Disk.bytes(Disk.OUT, first, data);
        pending.add(new Pending(queue.submit(request, 1), time, false, writeThrough, first, versions));
    }

    private void flushOrSwitch() {
        DriverQueue queue = queue();
        if (configWce && random.nextInt(3) == 0) {
            writeThrough = !writeThrough;
            switched = storage.now();
            driver.port().writeConfig(32, 1, writeThrough ? 0 : 1);
        } else if (flush && queue.free() >= 4) {
            long time = storage.now();
            byte[] request = Disk.bytes(Disk.FLUSH, 0, new byte[0]);
            pending.add(new Pending(queue.submit(request, 1), time, true, false, 0, List.of()));
        }
    }

    private void collect() {
        driver.queues().forEach(DriverQueue::collect);
        long time = storage.now();
        for (Pending request : List.copyOf(pending)) {
            if (request.submitted.isUsed()) {
                pending.remove(request);
                completed(request, time);
            }
        }
    }

    private void completed(Pending request, long time) {
        byte[] status = request.submitted.writable();
        if (status[0] != Disk.OK) {
            throw new AssertionError("request failed: status=" + status[0] + " seed=" + seed);
        }
        if (request.flush) {
            sectors.forEach(versions -> versions.stream()
                    .filter(version -> version.completed < request.time)
                    .forEach(version -> version.stable = Math.min(version.stable, time)));
            return;
        }
        busy.clear((int) request.first, (int) request.first + request.versions.size());
        // > the writeback field was 0 all the time between the submission of the write and its completion
        boolean stable = request.writeThrough && (!configWce || switched < request.time);
        for (Version version : request.versions) {
            version.completed = time;
            if (stable) {
                version.stable = time;
            }
        }
    }

    // ── Cuts ───────────────────────────────────────────────────────────────

    private void check(long cut) throws IOException {
        SplittableRandom choice = new SplittableRandom(seed << 32 ^ cut);
        byte[] disk = setup.recover.disk(storage.survivor(cut, choice));
        for (int sector = 0; sector < SECTORS; sector++) {
            List<byte[]> possible = possible(sectors.get(sector), cut);
            byte[] found = Arrays.copyOfRange(disk, sector * 512, (sector + 1) * 512);
            boolean there = possible.stream().anyMatch(content -> Arrays.equals(content, found))
                    || setup.tears && isMixed(found, possible);
            if (!there) {
                throw new AssertionError("lost: sector=" + sector + " cut=" + cut + " seed=" + seed
                        + " flush=" + flush + " configWce=" + configWce);
            }
        }
    }

    /** From the newest back to the one that has to be there. */
    private static List<byte[]> possible(List<Version> versions, long cut) {
        List<byte[]> contents = new ArrayList<>();
        for (Version version : versions.reversed()) {
            if (version.submitted <= cut) {
                contents.add(version.content);
            }
            if (version.stable <= cut) {
                break;
            }
        }
        return contents;
    }

    private static boolean isMixed(byte[] found, List<byte[]> possible) {
        for (int i = 0; i < found.length; i++) {
            boolean known = false;
            for (byte[] content : possible) {
                known |= content[i] == found[i];
            }
            if (!known) {
                return false;
            }
        }
        return true;
    }
}
