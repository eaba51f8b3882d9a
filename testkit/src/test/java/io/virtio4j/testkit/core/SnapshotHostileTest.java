// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.DeviceErrors;
import io.virtio4j.testkit.DirectPort;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Saved state that was damaged or forged. */
class SnapshotHostileTest {

    private static final long MAGIC = 0x3153_6a34_7472_6976L;
    private static final int RUNNING = 1 | 2 | 4 | 8;
    private static final FeatureSet SPLIT = FeatureSet.of(CoreFeature.VERSION_1);
    private static final FeatureSet PACKED = SPLIT.with(CoreFeature.RING_PACKED);

    /** State of a device with one queue, written down field by field. */
    private static final class Forgery {

        private FeatureSet features = SPLIT;
        private int status = RUNNING;
        private boolean suspending;
        private int size = 8;
        private boolean enabled = true;
        private boolean running = true;
        private int available = 2;
        private boolean availableWrap;
        private int used = 1;
        private boolean usedWrap;
        private int chains = 1;
        private int id = 3;
        private int slots = 1;
        private int readable = 1;
        private long address = GuestRam.BASE + 0x8000;
        private long length = 8;

        private byte[] bytes() {
            StateWriter head = new StateWriter().u8(63).u8(status).flag(suspending)
                    .le64(features.low()).le64(features.high()).le16(1);
            StateWriter queue = new StateWriter().le16(size)
                    .le64(GuestRam.BASE + 0x1000).le64(GuestRam.BASE + 0x2000)
                    .le64(GuestRam.BASE + 0x3000)
                    .flag(enabled).flag(false).flag(running);
            if (running) {
                queue.le16(available).flag(availableWrap).le16(used).flag(usedWrap).le32(chains);
                for (int i = 0; i < chains; i++) {
                    queue.le16(id).le16(slots).le32(readable).le32(1).le64(address).le32(length);
                }
            }
            return new StateWriter().le64(MAGIC)
                    .section("device", 1, head)
                    .section("config", 1, new StateWriter().le32(0).bytes(new byte[0]))
                    .section("queue", 1, queue)
                    .section("own", 1, new StateWriter())
                    .toByteArray();
        }

        private Forgery packed() {
            features = PACKED;
            availableWrap = true;
            usedWrap = true;
            return this;
        }
    }

    private static void restore(byte[] state, boolean accepted) {
        GuestRam ram = GuestRam.allocate();
        ram.at(GuestRam.BASE, 0x1_0000); // anything goes there
        DeviceErrors errors = new DeviceErrors();
        DeviceInstance instance = DeviceInstance.of(new ScriptedDevice())
                .memory(ram.memory()).runner(Runner.manual()).onDeviceError(errors).build();
        TestDriver driver = TestDriver.over(
                new DirectPort(instance), ram, errors).polling(instance);
        try (driver) {
            if (accepted) {
                instance.restore(state);
                instance.poll(100);
            } else {
                assertThrows(StateException.class, () -> instance.restore(state));
                assertEquals(0, instance.status());
                assertEquals(FeatureSet.NONE, instance.accepted());
                assertFalse(instance.isQueueEnabled(0));
            }
            driver.start().queue(0).exchange(new byte[1], 1);
        }
        instance.close();
    }

    private static int refused(Forgery... forgeries) {
        for (Forgery forgery : forgeries) {
            restore(forgery.bytes(), false);
        }
        return forgeries.length;
    }

    private static Forgery with(java.util.function.Consumer<Forgery> change) {
        Forgery forgery = new Forgery();
        change.accept(forgery);
        return forgery;
    }

    private static Forgery packed(java.util.function.Consumer<Forgery> change) {
        Forgery forgery = new Forgery().packed();
        change.accept(forgery);
        return forgery;
    }

    @Test
    void a_state_that_could_be_is_accepted() {
        restore(new Forgery().bytes(), true);
        restore(new Forgery().packed().bytes(), true);
        restore(with(state -> {
            state.available = 0xFFFF;
            state.used = 0xFFFE;
        }).bytes(), true);
        restore(packed(state -> {
            state.size = 7;
            state.available = 1;
            state.availableWrap = false;
            state.used = 6;
            state.slots = 2;
        }).bytes(), true);
    }

    @Test
    @HostileCase("MG-1")
    void values_out_of_range_are_refused() {
        int played = refused(
                with(state -> state.size = 0),
                with(state -> state.size = 7),
                with(state -> state.size = 512),
                with(state -> state.size = 0xFFFF),
                with(state -> state.available = 3),
                with(state -> state.available = 0),
                with(state -> state.used = 2),
                with(state -> state.used = 0x8000),
                with(state -> state.availableWrap = true),
                with(state -> state.usedWrap = true),
                with(state -> state.id = 8),
                with(state -> state.id = 0xFFFF),
                with(state -> state.slots = 0),
                with(state -> state.slots = 9),
                with(state -> state.readable = 2),
                with(state -> state.length = 0),
                with(state -> {
                    state.chains = 2; // the same head twice
                    state.available = 3;
                }),
                with(state -> {
                    state.chains = 9;
                    state.available = 10;
                }),
                with(state -> state.features = SPLIT.withBit(7)),
                with(state -> state.features = FeatureSet.NONE),
                packed(state -> state.size = 0),
                packed(state -> state.size = 0x8001),
                packed(state -> state.available = 8),
                packed(state -> state.used = 8),
                packed(state -> state.available = 1),
                packed(state -> state.usedWrap = false),
                packed(state -> state.slots = 2));
        HostileCases.count("MG-1", played);
    }

    @Test
    @HostileCase("MG-2")
    void a_queue_that_runs_under_a_status_that_does_not_is_refused() {
        int played = 0;
        for (int status = 0; status < 256; status++) {
            boolean driverOk = (status & 4) != 0;
            boolean suspended = (status & 16) != 0;
            boolean ordered = (status & 2) == 0 || (status & 1) != 0;
            ordered &= (status & 8) == 0 || (status & 2) != 0;
            ordered &= !driverOk || (status & 8) != 0;
            ordered &= !suspended || (status & 8) != 0;
            ordered &= (status & 32) == 0 && !(driverOk && suspended);
            if (!ordered || !driverOk && !suspended) {
                int value = status;
                played += refused(with(state -> state.status = value));
            }
        }
        played += refused(with(state -> state.enabled = false), with(state -> {
            state.status = 1 | 2 | 8 | 16;
            state.suspending = true;
        }));
        HostileCases.count("MG-2", played);
    }

    /** Every byte of a real state replaced, cut, or followed by more; with chains in work. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("MG-1")
    void damage_anywhere_is_refused_or_does_no_harm(RingFormat format) {
        ParkingDevice source = new ParkingDevice();
        byte[] saved;
        TestDriver from = TestDriver.attach(source, builder -> builder.resetGrace(Duration.ZERO));
        try (from) {
            from.start(DriverOptions.of(format));
            from.queue(0).mayKeepBuffers();
            from.queue(0).submit(new byte[20], 20);
            from.queue(0).submit(new byte[20], 20);
            from.runDevice();
            saved = from.instance().save();
            source.cancelAll();
        }
        GuestRam ram = GuestRam.allocate();
        ram.at(GuestRam.BASE, 0x8000);
        int played = 0;
        int accepted = 0;
        for (int at = 0; at < saved.length; at++) {
            for (int value : new int[] {0, 1, 2, 0x7F, 0xFF, saved[at] ^ 1, saved[at] ^ 0x80}) {
                byte[] forged = saved.clone();
                forged[at] = (byte) value;
                accepted += restoreAnyhow(ram, forged) ? 1 : 0;
                played++;
            }
        }
        assertTrue(accepted > 0 && accepted < played);
        HostileCases.count("MG-1", played);
        ram.close();
    }

    private static boolean restoreAnyhow(GuestRam ram, byte[] state) {
        DeviceErrors errors = new DeviceErrors();
        try (DeviceInstance instance = DeviceInstance.of(new ScriptedDevice())
                .memory(ram.memory()).runner(Runner.manual()).onDeviceError(errors).build()) {
            instance.restore(state);
            instance.notifyQueue(0);
            assertTrue(instance.poll(1_000) < 1_000);
            instance.writeStatus(0);
            assertEquals(0, instance.status());
            errors.check();
            return true;
        } catch (StateException e) {
            return false;
        }
    }
}
