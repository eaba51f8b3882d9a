// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.PerformanceDomain;
import io.virtio4j.scmi.platform.PerformanceLevel;
import io.virtio4j.scmi.platform.PinController;
import io.virtio4j.scmi.platform.PowerDomain;
import io.virtio4j.scmi.platform.PowercapDomain;
import io.virtio4j.scmi.platform.ResetDomain;
import io.virtio4j.scmi.platform.Sensor;
import io.virtio4j.scmi.platform.SensorType;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.platform.SystemPower;
import io.virtio4j.scmi.platform.VoltageDomain;
import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A board with one of everything and an SCMI device, without a driver. */
class BoardHardware {

    final ManualPlatformClock time = new ManualPlatformClock();
    final AtomicLong temperature = new AtomicLong(20_000);
    boolean sensorFails;
    final Clock uart = Clock.range("uart", 1_000_000, 100_000_000, 1_000_000).latency(Duration.ofMillis(5));
    final ScmiPlatform platform = platform();
    final ScmiDevice device = new ScmiDevice(platform);

    private ScmiPlatform platform() {
        return new SimulatedPlatform()
                .trustedAgent("linux").agent("modem")
                .clock(time).statistics()
                .add(PowerDomain.of("gpu"))
                .add(SystemPower.telling(request -> {}))
                .add(PerformanceDomain.of("cpu",
                        new PerformanceLevel(500_000, 1_000_000, 500_000),
                        new PerformanceLevel(1_000_000, 3_000_000, 1_000_000)))
                .add(uart)
                .add(Sensor.of("soc", SensorType.CELSIUS, this::read).scale(-3).answersLater(Duration.ZERO))
                .add(ResetDomain.of("usb"))
                .add(VoltageDomain.levels("vdd", 900_000, 1_000_000, 1_100_000))
                .add(PowercapDomain.of("soc", 1_000_000, 10_000_000, 500_000, () -> 2_000_000))
                .add(PinController.of("p0", "p1").group("pair", "p0", "p1").function("uart", "pair"))
                .build();
    }

    private long read() {
        if (sensorFails) {
            throw new IllegalStateException("unplugged");
        }
        return temperature.get();
    }
}
