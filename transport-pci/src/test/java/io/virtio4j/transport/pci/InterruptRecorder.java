// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.PciPort;
import java.util.ArrayList;
import java.util.List;

/** Remembers interrupts, and hands them to a probe. */
final class InterruptRecorder implements PciInterrupts {

    record Message(int vector, long address, int data) {}

    final InterruptProbe probe = new InterruptProbe();
    private final List<Message> messages = new ArrayList<>();
    private final List<Boolean> levels = new ArrayList<>();

    /** Runs with every message, before it counts. */
    volatile Runnable onMessage = () -> {};

    /** Runs whenever the pin is asserted. */
    volatile Runnable onAsserted = () -> {};

    @Override
    public void message(int vector, long address, int data) {
        onMessage.run();
        synchronized (this) {
            messages.add(new Message(vector, address, data));
        }
        probe.raise(vector);
    }

    @Override
    public void intx(boolean asserted) {
        synchronized (this) {
            levels.add(asserted);
        }
        probe.level(PciPort.INTX, asserted);
        if (asserted) {
            onAsserted.run();
        }
    }

    /** The messages since the last call. */
    synchronized List<Message> takeMessages() {
        List<Message> taken = List.copyOf(messages);
        messages.clear();
        return taken;
    }

    /** The vectors of the messages since the last call. */
    List<Integer> takeVectors() {
        return takeMessages().stream().map(Message::vector).toList();
    }

    /** The changes of the pin since the last call. */
    synchronized List<Boolean> takeLevels() {
        List<Boolean> taken = List.copyOf(levels);
        levels.clear();
        return taken;
    }
}
