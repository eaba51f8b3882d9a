// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The saved form of a device whose rings are stopped: the device, and of each ring the chains that it still had in
 * work. Where the rings are is the front-end's to know. Version 1.
 */
final class DeviceState {

    private static final int VERSION = 1;

    private DeviceState() {}

    static byte[] save(DeviceInstance device, Vrings rings) {
        StateWriter kept = new StateWriter().le16(rings.count());
        rings.forEach(ring -> {
            QueueState state = ring.kept;
            kept.flag(state != null);
            if (state != null) {
                state.save(kept.le16(ring.size));
            }
        });
        StateWriter out = new StateWriter();
        out.section("rings", VERSION, kept);
        out.section("device", VERSION, new StateWriter().bytes(device.save()));
        return out.toByteArray();
    }

    /** Restores a device that was reset; if that fails, nothing has changed. */
    static void restore(byte[] saved, DeviceInstance device, Vrings rings) throws Refusal {
        try {
            StateReader in = new StateReader(saved);
            StateReader kept = in.section("rings", VERSION);
            List<@Nullable QueueState> states = new ArrayList<>();
            if (kept.le16() != rings.count()) {
                throw new StateException("saved device has another number of rings: expected="
                        + rings.count());
            }
            for (int i = 0; i < rings.count(); i++) {
                states.add(kept.flag() ? QueueState.restore(kept, kept.le16()) : null);
            }
            kept.end();
            StateReader own = in.section("device", VERSION);
            in.end();
            device.restore(own.bytes());
            for (int i = 0; i < states.size(); i++) {
                QueueState state = states.get(i);
                if (state != null) {
                    rings.keep(i, state);
                }
            }
        } catch (StateException | IllegalStateException e) {
            throw Refusal.of(e);
        }
    }
}
