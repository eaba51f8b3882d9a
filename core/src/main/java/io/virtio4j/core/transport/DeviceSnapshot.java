// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.RingFeatures;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The saved form of a device instance, in sections: {@code device}, {@code config}, a {@code queue} each,
 * {@code own}. Version 1. Little-endian; lengths before contents.
 */
final class DeviceSnapshot {

    private static final long MAGIC = 0x3153_6a34_7472_6976L; // "virt4jS1"
    private static final int VERSION = 1;
    private static final long MOST_BYTES = 0xFFFF_FFFFL;

    private DeviceSnapshot() {}

    // ── Saving ─────────────────────────────────────────────────────────────

    static byte[] save(Lifecycle device) {
        StateWriter out = new StateWriter().le64(MAGIC);
        // A reset that waits for the host's I/O is done elsewhere: nothing there touches the old rings.
        boolean reset = device.isBeingReset();
        FeatureSet accepted = reset ? FeatureSet.NONE : device.negotiation().accepted();
        StateWriter head = new StateWriter()
                .u8(device.device().type().id())
                .u8(reset ? 0 : device.status())
                .flag(device.isSuspending())
                .le64(accepted.low())
                .le64(accepted.high())
                .le16(device.queueCount());
        out.section("device", VERSION, head);
        StateWriter config = new StateWriter();
        device.config().save(config);
        out.section("config", VERSION, config);
        for (int i = 0; i < device.queueCount(); i++) {
            QueueSlot slot = device.slot(i);
            out.section("queue", VERSION, reset ? queueAfterReset(slot) : queue(slot));
        }
        StateWriter own = new StateWriter();
        device.device().save(own);
        out.section("own", VERSION, own);
        return out.toByteArray();
    }

    private static StateWriter queueAfterReset(QueueSlot slot) {
        return new StateWriter().le16(slot.config.maxSize()).le64(0).le64(0).le64(0)
                .flag(false).flag(false).flag(false);
    }

    private static StateWriter queue(QueueSlot slot) {
        QueueConfig config = slot.config;
        StateWriter out = new StateWriter()
                .le16(config.size())
                .le64(config.descriptorArea())
                .le64(config.driverArea())
                .le64(config.deviceArea())
                .flag(config.isEnabled())
                .flag(slot.wasReset);
        VirtQueue running = slot.running;
        QueueState state = running == null ? null : running.state();
        // A ring that was found inconsistent stays out of use until the driver resets the device.
        if (running == null || state == null || running.hasFailed()) {
            return out.flag(false);
        }
        state.save(out.flag(true));
        return out;
    }

    // ── Restoring ──────────────────────────────────────────────────────────

    private record SavedQueue(
            int size, long descriptorArea, long driverArea, long deviceArea,
            boolean enabled, boolean wasReset, @Nullable QueueState state) {

        /** Checks a queue that runs: a ring that no device can have left like this is forged. */
        void check(String queue, RingFormat format) {
            if (state == null) {
                return;
            }
            boolean split = format == RingFormat.SPLIT;
            QueueState.Position at = state.position();
            int modulus = split ? 0x1_0000 : size;
            boolean fits = (!split || Integer.bitCount(size) == 1)
                    && at.availableIndex() < modulus && at.usedIndex() < modulus
                    && (!split || !at.availableWrap() && !at.usedWrap());
            int distance = at.availableIndex() - at.usedIndex()
                    + (split || at.availableWrap() == at.usedWrap() ? 0 : size);
            int inWork = split
                    ? state.inWork().size()
                    : state.inWork().stream().mapToInt(QueueState.SavedChain::slots).sum();
            if (!fits || (split ? distance & 0xFFFF : distance) != inWork || inWork > size) {
                throw new StateException("saved queue cannot be: queue=" + queue + " format=" + format
                        + " size=" + size + " position=" + at + " inWork=" + inWork);
            }
            Set<Integer> heads = new HashSet<>();
            for (QueueState.SavedChain chain : state.inWork()) {
                if (split && (chain.id() >= size || !heads.add(chain.id()))) {
                    throw new StateException("saved chain is not of this queue: queue=" + queue + " head="
                            + chain.id() + " size=" + size);
                }
                if (chain.buffers().stream().mapToLong(QueueState.Buffer::length).sum() > MOST_BYTES) {
                    throw new StateException("saved chain is longer than 2^32 bytes: queue=" + queue);
                }
            }
        }
    }

    /** Reads and checks everything before anything changes. */
    static void restore(Lifecycle device, byte[] saved) {
        StateReader in = new StateReader(saved);
        if (in.le64() != MAGIC) {
            throw new StateException("not a saved device: device=" + device.device().type().name());
        }
        StateReader head = in.section("device", VERSION);
        int type = head.u8();
        int status = head.u8();
        boolean suspending = head.flag();
        FeatureSet accepted = new FeatureSet(head.le64(), head.le64());
        int queues = head.le16();
        head.end();
        if (type != device.device().type().id() || queues != device.queueCount()) {
            throw new StateException("saved device is another: type=" + type + " expected="
                    + device.device().type().id() + " queues=" + queues + " expected=" + device.queueCount());
        }
        checkStatus(status, suspending);
        StateReader config = in.section("config", VERSION);
        Runnable applyConfig = device.config().restore(config);
        config.end();
        List<SavedQueue> saves = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            StateReader queue = in.section("queue", VERSION);
            saves.add(queue(queue, device.slot(i), status));
            queue.end();
        }
        StateReader own = in.section("own", VERSION);
        in.end();
        try {
            agree(device, status, accepted);
            RingFeatures ring = device.negotiation().ring();
            for (int i = 0; i < saves.size(); i++) {
                saves.get(i).check(device.slot(i).config.name(), ring.format());
            }
            device.device().restore(own);
        } catch (RuntimeException e) {
            device.negotiation().reset();
            throw e;
        }
        applyConfig.run();
        apply(device, status, suspending, saves);
    }

    /** What {@link StatusWrite} could have led to. */
    private static void checkStatus(int status, boolean suspending) {
        boolean inOrder = follows(status, DRIVER, ACKNOWLEDGE)
                && follows(status, FEATURES_OK, DRIVER)
                && follows(status, DRIVER_OK, FEATURES_OK)
                && follows(status, SUSPEND, FEATURES_OK)
                && (status & 32) == 0
                && (status & (SUSPEND | DRIVER_OK)) != (SUSPEND | DRIVER_OK)
                && (!suspending || (status & DRIVER_OK) != 0);
        if (!inOrder) {
            throw new StateException("saved status cannot be: status=" + DeviceStatus.text(status)
                    + " bits=0x" + Integer.toHexString(status) + " suspending=" + suspending);
        }
    }

    private static boolean follows(int status, int bit, int required) {
        return (status & bit) == 0 || (status & required) != 0;
    }

    private static SavedQueue queue(StateReader in, QueueSlot slot, int status) {
        int size = in.le16();
        if (size < 1 || size > slot.config.maxSize()) {
            throw new StateException("saved queue size: queue=" + slot.config.name() + " size=" + size
                    + " max=" + slot.config.maxSize());
        }
        long descriptorArea = in.le64();
        long driverArea = in.le64();
        long deviceArea = in.le64();
        boolean enabled = in.flag();
        boolean wasReset = in.flag();
        boolean running = in.flag();
        if (running && (!enabled || (status & (DRIVER_OK | SUSPEND)) == 0)) {
            throw new StateException("saved queue runs, but the device does not: queue="
                    + slot.config.name() + " status=" + DeviceStatus.text(status));
        }
        @Nullable QueueState state = running ? QueueState.restore(in, size) : null;
        return new SavedQueue(size, descriptorArea, driverArea, deviceArea, enabled, wasReset, state);
    }

    private static void agree(Lifecycle device, int status, FeatureSet accepted) {
        device.negotiation().restore(accepted);
        if ((status & FEATURES_OK) != 0 && !device.agree()) {
            throw new StateException("saved features do not fit: device=" + device.device().type().name()
                    + " accepted=" + accepted + " offered=" + device.negotiation().offered());
        }
    }

    private static void apply(
            Lifecycle device, int status, boolean suspending, List<SavedQueue> saves) {
        List<@Nullable QueueState> states = new ArrayList<>();
        for (int i = 0; i < saves.size(); i++) {
            SavedQueue save = saves.get(i);
            QueueSlot slot = device.slot(i);
            slot.config.size(save.size);
            slot.config.descriptorArea(save.descriptorArea);
            slot.config.driverArea(save.driverArea);
            slot.config.deviceArea(save.deviceArea);
            slot.config.enabled(save.enabled);
            slot.wasReset = save.wasReset;
            states.add(save.state);
        }
        device.restored(status, suspending, states);
    }
}
