// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.board.SimulatedBoard;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** A GPIO device with a simulated board that a guest finds in a slot, on PCI or on MMIO. */
final class ServedBoard implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final SimulatedBoard board;
    private final GpioDevice device;
    private final ServedSlot slot;

    private ServedBoard(SimulatedBoard board, GpioDevice device, ServedSlot slot) {
        this.board = board;
        this.device = device;
        this.slot = slot;
    }

    /** Serves a board. On MMIO, slots are 3, 7, 11 ... */
    static ServedBoard serve(SharedDirectory shared, int slot, Wiring wiring, SimulatedBoard board)
        throws IOException {
        GpioDevice device = new GpioDevice(board);
        DeviceInstance instance = wiring.instance(device).build();
        return new ServedBoard(board, device,
            ServedSlot.serve(shared, wiring, slot, "board" + slot + ".sock", instance));
    }

    /** Puts the board into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    /** Says in the report what is driven. */
    void showIn(GuestReport.Row row) {
        row.with(slot.wiring().bus().toString(), slot.wiring().ring().toString().toLowerCase(Locale.ROOT), 2);
    }

    SimulatedBoard board() {
        return board;
    }

    /** Whether the driver chose packed rings. */
    boolean isPacked() {
        return slot.accepted().has(CoreFeature.RING_PACKED);
    }

    long count(GpioCounter counter) {
        return device.counters().get(counter);
    }

    /** Waits until the device has counted so much. */
    void await(GpioCounter counter, long atLeast) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (count(counter) < atLeast) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("driver is silent: " + counter + "=" + count(counter) + " expected="
                    + atLeast + " " + device.counters());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() {
        slot.close();
    }
}
