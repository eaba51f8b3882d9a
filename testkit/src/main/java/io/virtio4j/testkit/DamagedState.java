// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.core.wire.StateException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Restores saved state with one thing wrong. */
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
     * Cuts the state at any length, adds to it, and replaces any byte by several others. Each has to be refused with
     * a {@link StateException} that leaves the device untouched, or accepted without harm.
     *
     * @param most how many of these cases to try: if there are more, a random choice, always the same
     * @return how many cases that were
     */
    static long attempt(
            byte[] saved, Supplier<VirtioDevice> devices, Consumer<DeviceInstanceBuilder> choices, int most) {
        DamagedState damaged = new DamagedState(devices, choices);
        int cases = saved.length * (1 + VALUES.length) + 1;
        if (cases <= most) {
            IntStream.range(0, cases).forEach(number -> damaged.attempt(saved, number));
            return cases;
        }
        new SplittableRandom(1).ints(most, 0, cases).forEach(number -> damaged.attempt(saved, number));
        return most;
    }

    private void attempt(byte[] saved, int number) {
        if (number <= saved.length) {
            int length = number < saved.length ? number : saved.length + 1;
            attempt(Arrays.copyOf(saved, length), "length=" + length, true);
            return;
        }
        int replacement = number - saved.length - 1;
        int at = replacement / VALUES.length;
        byte[] forged = saved.clone();
        forged[at] = (byte) VALUES[replacement % VALUES.length];
        attempt(forged, "offset=" + at + " value=" + forged[at], false);
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
