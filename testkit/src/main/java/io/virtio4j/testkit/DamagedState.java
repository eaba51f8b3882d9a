// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.core.wire.StateException;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Restores saved state with one thing wrong, every one in turn. */
final class DamagedState {

    private static final int[] VALUES = {0x00, 0x01, 0x7F, 0x80, 0xFF};

    private final Supplier<VirtioDevice> devices;
    private final Consumer<DeviceInstanceBuilder> choices;
    private final DeviceErrors errors = new DeviceErrors();

    private DamagedState(Supplier<VirtioDevice> devices, Consumer<DeviceInstanceBuilder> choices) {
        this.devices = devices;
        this.choices = choices;
    }

    /**
     * Cuts the state at every length, adds to it, and replaces every byte by several others. Each has to be
     * refused with a {@link StateException} that leaves the device untouched, or accepted without harm.
     *
     * @return how many cases that were
     */
    static long tryAll(
            byte[] saved, Supplier<VirtioDevice> devices, Consumer<DeviceInstanceBuilder> choices) {
        DamagedState damaged = new DamagedState(devices, choices);
        long cases = 0;
        for (int length = 0; length < saved.length; length++, cases++) {
            damaged.attempt(Arrays.copyOf(saved, length), "length=" + length, true);
        }
        damaged.attempt(Arrays.copyOf(saved, saved.length + 1), "longer", true);
        for (int at = 0; at < saved.length; at++) {
            for (int value : VALUES) {
                byte[] forged = saved.clone();
                forged[at] = (byte) value;
                damaged.attempt(forged, "offset=" + at + " value=" + value, false);
                cases++;
            }
        }
        return cases + 1;
    }

    private void attempt(byte[] state, String what, boolean mustBeRefused) {
        DeviceInstanceBuilder builder = DeviceInstance.of(devices.get())
                .memory(new GuestMemory())
                .runner(Runner.manual())
                .onDeviceError(errors);
        choices.accept(builder);
        try (DeviceInstance instance = builder.build()) {
            boolean refused = false;
            try {
                instance.restore(state);
                instance.poll(1_000);
            } catch (StateException e) {
                refused = true;
                requireUntouched(instance, what);
            }
            if (mustBeRefused && !refused) {
                throw new AssertionError("damaged state was accepted: " + what);
            }
            errors.check();
        } catch (RuntimeException e) {
            throw new AssertionError("damaged state did harm: " + what, e);
        }
    }

    private static void requireUntouched(DeviceInstance instance, String what) {
        boolean untouched = instance.status() == 0 && instance.accepted().isEmpty();
        for (int queue = 0; queue < instance.queueCount(); queue++) {
            untouched &= !instance.isQueueEnabled(queue);
        }
        if (!untouched) {
            throw new AssertionError("refused state left something behind: " + what);
        }
    }
}
