// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.Subscriptions;
import java.util.concurrent.TimeUnit;

/**
 * Watches a sensor while an agent wants to be told of its trip points or values: nothing is done for a sensor
 * that nobody asked about. Under the platform's lock.
 */
final class SensorWatch {

    private static final int RISING = 1 << 16;

    private final Sensor sensor;
    private final Subscriptions trips;
    private final Subscriptions updates;
    private final long periodNanos;
    private boolean looksForTrips;
    private boolean updating;

    SensorWatch(Sensor sensor, Subscriptions trips, Subscriptions updates, long periodNanos) {
        this.sensor = sensor;
        this.trips = trips;
        this.updates = updates;
        this.periodNanos = periodNanos;
    }

    /** Something that it depends on may have changed. */
    void consider(ScmiPlatform platform) {
        if (!looksForTrips && wantsTrips()) {
            looksForTrips = true;
            platform.clock().schedule(periodNanos, () -> platform.change(() -> lookAgain(platform)));
        }
        if (!updating && wantsUpdates()) {
            updating = true;
            scheduleUpdate(platform);
        }
    }

    // ── Trip points ────────────────────────────────────────────────────────

    private boolean wantsTrips() {
        return trips.hasAny(sensor.index()) && sensor.settings().isEnabled() && sensor.settings().hasTrips();
    }

    private void lookAgain(ScmiPlatform platform) {
        looksForTrips = false;
        look(platform);
        consider(platform);
    }

    /** Notifies of what the value passed. */
    void look(ScmiPlatform platform) {
        if (!wantsTrips()) {
            return;
        }
        SensorReadings.first(sensor).ifPresent(now ->
                sensor.settings().look(now, (point, rising) -> tell(platform, point, rising)));
    }

    private void tell(ScmiPlatform platform, int point, boolean rising) {
        trips.send(platform, sensor.index(), false, MessageWriter.payload()
                .le32(ScmiPlatform.PLATFORM_AGENT).le32(sensor.index()).le32(point | (rising ? RISING : 0)));
    }

    // ── Continuous updates ─────────────────────────────────────────────────

    private boolean wantsUpdates() {
        return updates.hasAny(sensor.index()) && sensor.settings().isEnabled();
    }

    private void scheduleUpdate(ScmiPlatform platform) {
        platform.clock().schedule(TimeUnit.MILLISECONDS.toNanos(sensor.settings().intervalMillis()),
                () -> platform.change(() -> update(platform)));
    }

    private void update(ScmiPlatform platform) {
        updating = false;
        if (!wantsUpdates()) {
            return;
        }
        MessageWriter payload = MessageWriter.payload()
                .le32(ScmiPlatform.PLATFORM_AGENT).le32(sensor.index());
        if (SensorReadings.append(platform, sensor, payload) == ScmiStatus.SUCCESS) {
            updates.send(platform, sensor.index(), true, payload);
        }
        consider(platform);
    }
}
