// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of the driver's initialization sequence reaches the back-end: features, and device status if the front-end
 * passes it on. If it does not, the status follows from what it does: features are agreed on when it sets them,
 * and the device runs when the first ring does. For the thread of the connection.
 */
final class Driver {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    /** {@code VHOST_F_LOG_ALL} */
    static final long LOG_ALL = 1L << 26;

    /** {@code VHOST_USER_F_PROTOCOL_FEATURES} */
    static final long PROTOCOL_FEATURES = 1L << 30;

    private static final int WORDS = 2;
    private static final long POLL_NANOS = 100_000;

    private final DeviceInstance device;
    private final Duration grace;
    private final long transportFeatures;

    /** Whether the front-end passes device status on. */
    private boolean passesStatus;

    /** Whether it was said why the device does nothing. */
    private boolean explained;

    Driver(DeviceInstance device, long transportFeatures, Duration grace) {
        this.device = device;
        this.transportFeatures = transportFeatures;
        this.grace = grace;
    }

    void passesStatus(boolean on) {
        passesStatus = on;
    }

    long offered() {
        return device.offered().low() | transportFeatures;
    }

    // ── Features ───────────────────────────────────────────────────────────

    /**
     * The front-end sets features.
     *
     * @param ringsRun whether some ring runs; then they stay what they are
     */
    void features(long bits, boolean ringsRun) throws Refusal {
        FeatureSet wanted = new FeatureSet(bits & ~transportFeatures, 0);
        boolean agreed = has(FEATURES_OK);
        if (agreed && wanted.equals(device.accepted()) && (ringsRun || passesStatus || !needsReset())) {
            return;
        }
        if (ringsRun || agreed && passesStatus) {
            throw new Refusal("features of a device that runs: wanted=" + wanted + " negotiated="
                    + device.accepted());
        }
        if (passesStatus) {
            accept(wanted);
            return;
        }
        // A driver from the beginning: another one, or one that had to begin again.
        reset();
        device.writeStatus(ACKNOWLEDGE | DRIVER);
        accept(wanted);
        device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        if (!has(FEATURES_OK)) {
            device.writeStatus(0);
            throw new Refusal("features: wanted=" + wanted + " offered=" + device.offered());
        }
    }

    private void accept(FeatureSet features) {
        for (int word = 0; word < WORDS; word++) {
            device.acceptFeatures(word, features.word(word));
        }
    }

    // ── Status ─────────────────────────────────────────────────────────────

    int status() {
        return device.status();
    }

    private boolean has(int bit) {
        return (device.status() & bit) != 0;
    }

    boolean needsReset() {
        return has(DEVICE_NEEDS_RESET);
    }

    /** No driver notifies before it has set DRIVER_OK. */
    void kicked(int ring) {
        if (passesStatus && !explained && has(FEATURES_OK) && !has(DRIVER_OK)) {
            explained = true;
            LOG.warn("ring was kicked, and the front-end has passed no DRIVER_OK on: index={} status={}; if it never"
                + " does, as QEMU's vhost-user-test-device, let the server withhold STATUS", ring,
                DeviceStatus.text(status()));
        }
    }

    /**
     * The front-end passes on what the driver wrote, but 0. Some front-ends begin with FEATURES_OK: what the
     * driver has to have written before is understood.
     */
    void write(int value) {
        device.writeStatus((value & (FEATURES_OK | DRIVER_OK)) == 0 ? value : value | ACKNOWLEDGE | DRIVER);
    }

    /** Whether rings can run; the first that could makes the device run if nobody else says so. */
    boolean runs() {
        if (!passesStatus && has(FEATURES_OK) && !has(DRIVER_OK)) {
            device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
        }
        return has(DRIVER_OK);
    }

    /** Resets the device, and waits a moment for the host's I/O on its buffers. */
    void reset() throws Refusal {
        device.writeStatus(0);
        long deadline = System.nanoTime() + grace.toNanos();
        while (device.status() != 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new Refusal("device still works on buffers from before its reset: status="
                        + DeviceStatus.text(device.status()));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
