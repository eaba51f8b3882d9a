// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.HostileDriver.Template;
import io.virtio4j.testkit.HostileMemory.Span;
import io.virtio4j.testkit.RawQueue.Raw;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/** One life of a hostile driver: from an initialization to the next reset. */
final class HostileLife {

    private static final int MOST_QUEUES = 4;

    private final TestDriver driver;
    private final DriverPort port;
    private final HostileMemory memory;
    private final SplittableRandom random;
    private final List<Template> templates;
    private final List<RawQueue> queues = new ArrayList<>();

    /** Of a life that keeps its rings whole: what came back. Empty if rings are broken as well. */
    private final List<ChainAccount> accounts = new ArrayList<>();

    HostileLife(TestDriver driver, HostileMemory memory, SplittableRandom random,
            List<Template> templates) {
        this.driver = driver;
        this.port = driver.port();
        this.memory = memory;
        this.random = random;
        this.templates = templates;
    }

    // ── The beginning ──────────────────────────────────────────────────────

    /**
     * Brings the device up.
     *
     * @param whole whether the rings stay whole, so that every chain can be accounted for
     */
    void begin(boolean whole) {
        driver.reset();
        RingFormat format = random.nextBoolean() ? RingFormat.SPLIT : RingFormat.PACKED;
        boolean packed = driver.offered().has(CoreFeature.RING_PACKED);
        DriverOptions options = packed ? DriverOptions.of(format) : DriverOptions.split();
        for (CoreFeature feature : List.of(
                CoreFeature.EVENT_IDX, CoreFeature.INDIRECT_DESC, CoreFeature.IN_ORDER)) {
            if (random.nextInt(3) == 0 || whole && feature == CoreFeature.IN_ORDER) {
                options = options.without(feature);
            }
        }
        driver.negotiate(options);
        for (int index = 0; index < MOST_QUEUES && port.queueSizeMax(index) > 0; index++) {
            queues.add(RawQueue.enable(driver, index, size(index, options.format())));
        }
        memory.rings(queues, !whole);
        if (whole) {
            queues.forEach(queue -> accounts.add(new ChainAccount(queue)));
        }
        driver.driverOk();
    }

    private int size(int index, RingFormat format) {
        int size = 1 + random.nextInt(Math.min(256, port.queueSizeMax(index)));
        return format == RingFormat.SPLIT ? Integer.highestOneBit(size) : size;
    }

    /** After the device was reset. */
    void end() {
        memory.rings(List.of(), false);
        queues.forEach(RawQueue::dispose);
        queues.clear();
        accounts.clear();
    }

    /**
     * Looks at what came back, if the rings are whole.
     *
     * @throws AssertionError if it is not what went there
     */
    void account() {
        if (!accounts.isEmpty() && driver.needsReset()) {
            throw new AssertionError("device needs a reset, and the rings are whole: queues=" + queues.size());
        }
        accounts.forEach(ChainAccount::collect);
    }

    /** Waits until everything came back to these queues, if the rings are whole. */
    void awaitAll(IntPredicate has) {
        for (ChainAccount account : accounts) {
            int index = account.queue().index();
            if (has.test(index)) {
                driver.waitFor("every buffer to come back: " + account
                        + "; a queue may keep buffers if HostileDriver.mayKeep says so", () -> {
                    port.notifyQueue(index);
                    driver.runDevice();
                    account.collect();
                    return account.isEmpty();
                });
            }
        }
    }

    private boolean isWhole() {
        return !accounts.isEmpty();
    }

    /** Makes a chain available; says whether there was room for it. */
    private boolean place(RawQueue queue, Raw... raws) {
        if (!isWhole()) {
            queue.chain(raws);
            return true;
        }
        ChainAccount account = accounts.get(queue.index());
        if (!account.hasRoom(raws.length)) {
            return false;
        }
        account.chain(raws);
        return true;
    }

    // ── Operations ─────────────────────────────────────────────────────────

    /** Does one thing that a driver must not do, or one that it may. */
    void act() {
        RawQueue queue = queues.get(random.nextInt(queues.size()));
        int choice = random.nextInt(100);
        if (choice < 22) {
            chain(queue);
        } else if (choice < 36) {
            indirect(queue);
        } else if (choice < 60) {
            template();
        } else if (choice < 70 && !isWhole()) {
            breakRing(queue);
        } else if (choice < 78) {
            events(queue);
        } else if (choice < 90 && !isWhole()) {
            registers(queue);
        } else if (choice < 94) {
            memory.toggleSpare();
        } else {
            memory.flip(random);
        }
        if (random.nextInt(4) != 0) {
            port.notifyQueue(queue.index());
        }
    }

    private void chain(RawQueue queue) {
        int count = 1 + random.nextInt(random.nextInt(10) == 0 ? queue.size() : 6);
        Raw[] raws = new Raw[Math.min(count, queue.size())];
        boolean orderly = random.nextInt(3) != 0;
        int readable = random.nextInt(raws.length + 1);
        for (int i = 0; i < raws.length; i++) {
            Span span = memory.span();
            int flags = orderly
                    ? (i < raws.length - 1 ? RawQueue.NEXT : 0) | (i >= readable ? RawQueue.WRITE : 0)
                    : random.nextInt(8);
            if (isWhole() && ChainAccount.isUnclear(queue.format(), flags, i == raws.length - 1)) {
                flags = i < raws.length - 1 ? RawQueue.NEXT : 0;
            }
            raws[i] = new Raw(span.address(), span.length(), flags);
        }
        int head = queue.nextSlot();
        if (place(queue, raws) && queue.format() == RingFormat.SPLIT && random.nextInt(8) == 0) {
            // A loop, or a link to anywhere.
            int slot = (head + random.nextInt(raws.length)) % queue.size();
            int next = random.nextBoolean() ? head : random.nextInt(0x1_0000);
            queue.descriptor(slot, new Raw(HostileMemory.ARENA, 8, RawQueue.NEXT), next);
        }
    }

    private void indirect(RawQueue queue) {
        int entries = 1 + random.nextInt(12);
        long offset = memory.arenaOffset(16 * entries) & (random.nextBoolean() ? -16 : -1);
        GuestBuffer table = memory.ram.view(HostileMemory.ARENA + offset, 16L * entries);
        int readable = random.nextInt(entries + 1);
        boolean orderly = random.nextInt(3) != 0;
        for (int i = 0; i < entries; i++) {
            Span span = memory.span();
            int flags = orderly
                    ? (i < entries - 1 ? RawQueue.NEXT : 0) | (i >= readable ? RawQueue.WRITE : 0)
                    : random.nextInt(8);
            int next = orderly ? i + 1 : random.nextInt(2 * entries);
            queue.tableEntry(table, i, new Raw(span.address(), span.length(), flags), next);
        }
        long length = random.nextInt(4) == 0 ? memory.length() : table.length();
        int flags = RawQueue.INDIRECT | (random.nextInt(12) == 0 ? random.nextInt(4) : 0);
        if (isWhole() && ChainAccount.isUnclear(queue.format(), flags, true)) {
            flags &= ~RawQueue.NEXT;
        }
        place(queue, new Raw(table.address(), length, flags));
    }

    /** A good request with one or two bytes changed, cut into two descriptors or more. */
    private void template() {
        if (templates.isEmpty()) {
            return;
        }
        Template template = templates.get(random.nextInt(templates.size()));
        RawQueue queue = template.queue() < queues.size() ? queues.get(template.queue()) : queues.get(0);
        byte[] bytes = template.readable().clone();
        for (int i = random.nextInt(3); i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        long at = memory.arenaOffset(bytes.length + template.writable());
        memory.arena.write(at, bytes);
        long from = HostileMemory.ARENA + at;
        int cut = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
        List<Raw> raws = new ArrayList<>();
        raws.add(new Raw(from, cut, RawQueue.NEXT));
        raws.add(new Raw(from + cut, bytes.length - cut, RawQueue.NEXT));
        raws.add(new Raw(from + bytes.length, template.writable(), RawQueue.WRITE));
        if (queue.size() >= raws.size()) {
            place(queue, raws.toArray(new Raw[0]));
        }
    }

    private void breakRing(RawQueue queue) {
        if (queue.format() == RingFormat.SPLIT) {
            switch (random.nextInt(4)) {
                case 0 -> queue.availableIndex(random.nextInt(0x1_0000));
                case 1 -> queue.available(random.nextInt(0x1_0000));
                case 2 -> queue.available(random.nextInt(queue.size()));
                default -> queue.availableIndex(queue.availableIndex() + 1);
            }
        } else {
            int slot = random.nextInt(3) == 0 ? random.nextInt(queue.size()) : queue.nextSlot();
            Span span = memory.span();
            queue.descriptor(slot, new Raw(span.address(), span.length(), random.nextInt(0x1_0000)),
                    random.nextInt(0x1_0000));
        }
    }

    private void events(RawQueue queue) {
        GuestBuffer area = random.nextInt(3) == 0 ? queue.deviceArea() : queue.driverArea();
        long last = area.length() - 4;
        long offset = queue.format() == RingFormat.SPLIT ? last + 2 : 0;
        area.set(offset, 2, random.nextInt(0x1_0000));
        if (queue.format() == RingFormat.PACKED) {
            area.set(2, 2, random.nextInt(0x1_0000));
        } else {
            area.set(0, 2, random.nextInt(4));
        }
    }

    private void registers(RawQueue queue) {
        int any = random.nextInt(0x1_0000);
        int index = random.nextBoolean() ? queue.index() : any;
        switch (random.nextInt(11)) {
            case 0 -> port.notifyQueue(any);
            case 1 -> port.notifyQueue(new NotificationData(index, any, random.nextBoolean()));
            case 2 -> port.writeStatus(random.nextInt(256));
            case 3 -> port.acceptFeatures(random.nextInt(6), random.nextInt());
            case 4 -> port.queueSize(index, any);
            case 5 -> port.queueAddresses(index, memory.span().address(), memory.span().address(),
                    memory.span().address());
            case 6 -> port.enableQueue(index);
            case 7 -> port.resetQueue(index);
            case 8 -> port.readConfig(random.nextInt(0x200), 1 << random.nextInt(4));
            case 9 -> port.writeConfig(random.nextInt(0x80), 1 << random.nextInt(4), random.nextLong());
            default -> port.takeNotifications();
        }
    }

    /** What was negotiated, for messages. */
    FeatureSet negotiated() {
        return driver.negotiated();
    }
}
