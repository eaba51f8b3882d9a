// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.scmi.ScmiDevice;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.Sensor;
import io.virtio4j.scmi.platform.SensorType;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A board that a guest manages, quoted by the documentation. */
final class SimulatedBoard {

    private SimulatedBoard() {}

    static ScmiDevice device(AtomicLong milliCelsius, AtomicLong revolutions) {
        // tag::board[]
        Clock uart = Clock.range("uart", 1_000_000, 100_000_000, 1_000_000);
        ScmiPlatform board = new SimulatedPlatform()
                .agent("linux")
                .add(uart)
                .add(Sensor.of("soc", SensorType.CELSIUS, milliCelsius::get).scale(-3))
                .protocol(new FanProtocol(revolutions))
                .build();
        ScmiDevice device = new ScmiDevice(board);
        // end::board[]
        return device;
    }

    // tag::protocol[]
    record FanProtocol(AtomicLong revolutions) implements ScmiProtocol {
        public int id() { return 0x80; }
        public int version() { return 0x10000; }
        public void attributes(ScmiCall call) { call.results().le32(1); }
        public List<ScmiCommand> commands() {
            return List.of(ScmiCommand.of(0x3, "FAN_SPEED_GET", 0, call -> {
                call.results().le32(revolutions.get());
                return ScmiStatus.SUCCESS;
            }));
        }
    }
    // end::protocol[]
}
