// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.scmi.ScmiDevice;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.PerformanceDomain;
import io.virtio4j.scmi.platform.PerformanceLevel;
import io.virtio4j.scmi.platform.PinController;
import io.virtio4j.scmi.platform.PowerDomain;
import io.virtio4j.scmi.platform.PowercapDomain;
import io.virtio4j.scmi.platform.ResetDomain;
import io.virtio4j.scmi.platform.Sensor;
import io.virtio4j.scmi.platform.SensorAxis;
import io.virtio4j.scmi.platform.SensorType;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.platform.SystemPower;
import io.virtio4j.scmi.platform.VoltageDomain;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/** A simulated board behind an SCMI device, served over vfio-user; {@code scmi.dts} tells Linux of it. */
final class ScmiBoard implements AutoCloseable {

    private static final String SOCKET = "scmi.sock";
    private static final Path SOURCE = Path.of("scmi.dts");

    final AtomicLong temperature = new AtomicLong(41_000);
    final AtomicLong supply = new AtomicLong(5_012);
    final AtomicInteger power = new AtomicInteger(2_500_000);
    final AtomicLong tilt = new AtomicLong(981);
    final AtomicLong crystal = new AtomicLong(24_000_000);

    final PowerDomain bus = PowerDomain.of("bus").initially(PowerDomain.OFF);
    final SystemPower system = SystemPower.telling(request -> {});
    final Clock uart = Clock.range("uart", 1_000_000, 100_000_000, 1_000_000).configuration(1, 50)
        .latency(Duration.ofMillis(5));
    final Clock reference = Clock.fixed("crystal", crystal::get);
    final Clock mux = Clock.mux("audio-master-clock-mux", uart, reference);
    final Clock video = Clock.rates("video", LongStream.rangeClosed(1, 40).map(i -> i * 27_000_000L).toArray());
    final ResetDomain usb = ResetDomain.of("usb");
    final ResetDomain serial = ResetDomain.of("serial").asserted();
    final VoltageDomain core = VoltageDomain.range("core", 600_000, 1_200_000, 12_500);
    final VoltageDomain card = VoltageDomain.levels("card", 1_800_000, 3_300_000).off();
    final PowercapDomain budget =
        PowercapDomain.of("board", 1_000_000, 20_000_000, 500_000, power::get).intervals(1_000, 100_000, 1_000);
    final PowercapDomain graphics =
        PowercapDomain.of("graphics", 500_000, 8_000_000, 500_000, () -> 700_000).within(budget);
    final PinController pins = PinController.of("p0", "p1", "p2", "p3")
        .group("uart-pins", "p1", "p2").function("uart", "uart-pins").function("gpio", "uart-pins");
    final ScmiPlatform platform;
    final ScmiDevice device;

    private final ServedSlot slot;

    private ScmiBoard(SharedDirectory shared, Wiring wiring) throws IOException {
        platform = platform();
        device = new ScmiDevice(platform);
        slot = ServedSlot.serve(shared, wiring, SOCKET, wiring.instance(device).build());
    }

    static ScmiBoard serve(SharedDirectory shared, Wiring wiring) throws IOException {
        return new ScmiBoard(shared, wiring);
    }

    private ScmiPlatform platform() {
        // Linux wants names of axes to end so.
        SensorAxis[] axes = {
            new SensorAxis("accel_X", SensorType.METERS_PER_SECOND_SQUARED, -2, () -> 3),
            new SensorAxis("accel_Y", SensorType.METERS_PER_SECOND_SQUARED, -2, () -> -4),
            new SensorAxis("accel_Z", SensorType.METERS_PER_SECOND_SQUARED, -2, tilt::get),
        };
        return new SimulatedPlatform().vendor("virtio4j", "board", 0x10203).agent("linux")
            .add(bus).add(PowerDomain.of("a-power-domain-with-a-long-name"))
            .add(system)
            .add(PerformanceDomain.of("cpu",
                new PerformanceLevel(600_000, 900_000, 600_000), new PerformanceLevel(1_200_000, 2_500_000, 1_200_000)))
            .add(uart).add(reference).add(mux).add(video)
            .add(Sensor.of("soc-temperature", SensorType.CELSIUS, temperature::get).scale(-3))
            .add(Sensor.of("supply", SensorType.VOLTS, supply::get).scale(-3).answersLater(Duration.ofMillis(2)))
            .add(Sensor.of("a-power-sensor-with-a-long-name", SensorType.WATTS, () -> power.get()).scale(-6))
            .add(Sensor.axes("accelerometer", axes).updateIntervals(Duration.ofMillis(50), Duration.ofMillis(500)))
            .add(usb).add(ResetDomain.of("ethernet")).add(serial)
            .add(core).add(card)
            .add(budget).add(graphics)
            .add(pins)
            .build();
    }

    /** Boots a machine with the board and its device tree. */
    LinuxGuest boot(SharedDirectory shared, String name) throws IOException {
        String kernel = GuestImages.prepared().kernel(GuestKernel.SMALL);
        LinuxGuest.Builder machine = LinuxGuest.builder(shared).name(name + "-" + slot.wiring())
            .programs(GuestPrograms.BOARD)
            .arguments("-dtb", DeviceTree.compile(shared, SOURCE, kernel));
        return slot.plugInto(machine).start();
    }

    /** Whether the driver accepted packed rings. */
    boolean isPacked() {
        return slot.accepted().has(CoreFeature.RING_PACKED);
    }

    @Override
    public void close() {
        slot.close();
        platform.close();
    }
}
