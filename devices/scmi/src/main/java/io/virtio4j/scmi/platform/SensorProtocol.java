// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.Subscriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The sensor management protocol. [DEN0056] */
final class SensorProtocol implements ScmiProtocol {

    static final int ID = 0x15;

    private static final long ASYNCHRONOUS = 1;
    private static final int TRIP_MODE = 3;
    private static final int TRIP_POINT_SHIFT = 4;
    private static final long TRIP_FLAGS = 0xFF3;

    private final DomainList<Sensor> sensors;
    private final Subscriptions trips;
    private final Subscriptions updates;
    private final List<SensorWatch> watches = new ArrayList<>();

    SensorProtocol(List<Sensor> list, Duration period) {
        sensors = new DomainList<>(list);
        trips = new Subscriptions(ID, Sensor.TRIP_POINT_EVENT, list.size());
        updates = new Subscriptions(ID, Sensor.UPDATE, list.size());
        for (Sensor sensor : sensors) {
            SensorWatch watch = new SensorWatch(sensor, trips, updates, period.toNanos());
            watches.add(watch);
            sensor.announces((platform, event, agent) -> watch.look(platform));
        }
    }

    @Override
    public void attach(ScmiPlatform platform) {
        sensors.attach(platform);
    }

    @Override
    public void begin(ScmiPlatform platform, int agent) {
        watches.forEach(watch -> watch.consider(platform));
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x30001;
    }

    @Override
    public void attributes(ScmiCall call) {
        // No values in shared memory.
        call.results().le16(sensors.size()).u8(call.hasEvents() ? 16 : 0).u8(0).le64(0).le32(0);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                ScmiCommand.of(0x3, "SENSOR_DESCRIPTION_GET", 4,
                        call -> SensorDescriptions.sensors(call, sensors)),
                asking(0x4, "SENSOR_TRIP_POINT_NOTIFY", trips),
                sensors.using(0x5, "SENSOR_TRIP_POINT_CONFIG", 16, this::tripPointConfig),
                sensors.using(0x6, "SENSOR_READING_GET", 8, this::readingGet),
                sensors.describing(0x7, "SENSOR_AXIS_DESCRIPTION_GET", 8, SensorDescriptions::axes),
                sensors.describing(0x8, "SENSOR_LIST_UPDATE_INTERVALS", 8, SensorDescriptions::intervals),
                sensors.using(0x9, "SENSOR_CONFIG_GET", 4, this::configGet),
                sensors.using(0xA, "SENSOR_CONFIG_SET", 8, this::configSet),
                asking(0xB, "SENSOR_CONTINUOUS_UPDATE_NOTIFY", updates),
                sensors.naming(0xC, "SENSOR_NAME_GET"),
                sensors.describing(0xD, "SENSOR_AXIS_NAME_GET", 8, SensorDescriptions::axisNames));
    }

    // ── Notifications ──────────────────────────────────────────────────────

    private ScmiCommand asking(int message, String name, Subscriptions what) {
        return ScmiCommand.notifying(message, name, 8, call -> {
            int index = call.readIndex(sensors.size());
            if (index < 0) {
                return ScmiStatus.NOT_FOUND;
            }
            ScmiStatus status = what.ask(call, index, call.readLe32());
            watches.get(index).consider(call.platform());
            return status;
        });
    }

    private ScmiStatus tripPointConfig(ScmiCall call, Sensor sensor) {
        long control = call.readLe32();
        long threshold = call.readLe64();
        int point = (int) (control >> TRIP_POINT_SHIFT & 0xFF);
        if ((control & ~TRIP_FLAGS) != 0 || point >= sensor.tripPoints()) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        OptionalLong now = SensorReadings.first(sensor);
        if (now.isEmpty()) {
            return ScmiStatus.HARDWARE_ERROR;
        }
        sensor.settings().trip(point, (int) control & TRIP_MODE, threshold, now.getAsLong());
        watches.get(sensor.index()).consider(call.platform());
        return ScmiStatus.SUCCESS;
    }

    // ── Readings ───────────────────────────────────────────────────────────

    private ScmiStatus readingGet(ScmiCall call, Sensor sensor) {
        long flags = call.readLe32();
        if ((flags & ~ASYNCHRONOUS) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (!sensor.settings().isEnabled()) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        if (flags != ASYNCHRONOUS) {
            return SensorReadings.append(call.platform(), sensor, call.results());
        }
        @Nullable Duration latency = sensor.latency();
        if (latency == null) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        MessageWriter payload = MessageWriter.payload().le32(sensor.index());
        ScmiStatus status = SensorReadings.append(call.platform(), sensor, payload);
        return call.respondLater(latency, status, payload);
    }

    // ── Configuration ──────────────────────────────────────────────────────

    private ScmiStatus configGet(ScmiCall call, Sensor sensor) {
        call.results().le32(SensorConfig.of(sensor.settings()));
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus configSet(ScmiCall call, Sensor sensor) {
        long config = call.readLe32();
        int interval = SensorConfig.interval(config, sensor);
        if (!SensorConfig.isValid(config) || interval < 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        sensor.settings().configure(
                SensorConfig.isEnabled(config), SensorConfig.isTimestamped(config), interval);
        watches.get(sensor.index()).consider(call.platform());
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        trips.forget(agent);
        updates.forget(agent);
    }

    @Override
    public void resetConfiguration(int agent) {
        forget(agent);
        for (Sensor sensor : sensors) {
            sensor.settings().reset(sensor.intervals()[0]);
        }
    }

    @Override
    public void save(int agent, StateWriter out) {
        trips.save(agent, out);
        updates.save(agent, out);
        for (Sensor sensor : sensors) {
            sensor.settings().save(out);
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(trips.restore(agent, in));
        effects.add(updates.restore(agent, in));
        for (Sensor sensor : sensors) {
            effects.add(sensor.settings().restore(in, sensor.intervals()));
        }
        return () -> effects.forEach(Runnable::run);
    }
}
