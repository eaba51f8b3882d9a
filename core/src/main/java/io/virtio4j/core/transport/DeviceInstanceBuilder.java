// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** The choices for a {@link DeviceInstance}; each has a default that suits most. */
public final class DeviceInstanceBuilder {

    /** What every device can do, through the framework alone. */
    private static final Set<CoreFeature> SUPPORTED = EnumSet.of(
            CoreFeature.INDIRECT_DESC, CoreFeature.EVENT_IDX, CoreFeature.VERSION_1,
            CoreFeature.ACCESS_PLATFORM, CoreFeature.RING_PACKED, CoreFeature.IN_ORDER,
            CoreFeature.ORDER_PLATFORM, CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA,
            CoreFeature.RING_RESET, CoreFeature.SUSPEND);

    final VirtioDevice device;
    GuestMemory memory = new GuestMemory();
    Runner runner = Runner.onCaller();
    Duration resetGrace = Duration.ofSeconds(1);
    Consumer<Throwable> onDeviceError = DeviceInstanceBuilder::log;

    private final Set<CoreFeature> offered = EnumSet.of(
            CoreFeature.INDIRECT_DESC, CoreFeature.EVENT_IDX, CoreFeature.VERSION_1,
            CoreFeature.RING_PACKED, CoreFeature.RING_RESET, CoreFeature.SUSPEND);

    DeviceInstanceBuilder(VirtioDevice device) {
        this.device = device;
    }

    private static void log(Throwable error) {
        LoggerFactory.getLogger(DeviceInstance.class).error("device code failed", error);
    }

    /** The memory that the device sees. Default: empty, to be filled later. */
    public DeviceInstanceBuilder memory(GuestMemory guestMemory) {
        memory = guestMemory;
        return this;
    }

    /** What works on the queues; closed with the instance. Default: {@link Runner#onCaller()}. */
    public DeviceInstanceBuilder runner(Runner newRunner) {
        runner = newRunner;
        return this;
    }

    /**
     * Offers more. Default: INDIRECT_DESC, EVENT_IDX, VERSION_1, RING_PACKED, RING_RESET, SUSPEND. IN_ORDER
     * makes a device that completes out of order wait; ACCESS_PLATFORM then has to be accepted.
     *
     * @throws IllegalArgumentException if the framework cannot do it
     */
    public DeviceInstanceBuilder offer(CoreFeature... features) {
        for (CoreFeature feature : features) {
            if (!SUPPORTED.contains(feature)) {
                throw new IllegalArgumentException("feature is not for a device by itself: feature="
                        + feature + " supported=" + SUPPORTED);
            }
            offered.add(feature);
        }
        return this;
    }

    /** Offers less. VERSION_1 is always offered. */
    public DeviceInstanceBuilder withhold(CoreFeature... features) {
        for (CoreFeature feature : features) {
            offered.remove(feature);
        }
        return this;
    }

    /**
     * How long a reset waits for host I/O to give its buffers back, before the driver is left to poll
     * device status. Default: one second.
     */
    public DeviceInstanceBuilder resetGrace(Duration grace) {
        resetGrace = grace;
        return this;
    }

    /**
     * Learns of errors in the device's own code; the device goes on, or needs a reset. Default: logs them.
     */
    public DeviceInstanceBuilder onDeviceError(Consumer<Throwable> handler) {
        onDeviceError = handler;
        return this;
    }

    FeatureSet coreFeatures() {
        return FeatureSet.of(offered);
    }

    /** Makes the instance; a device that contradicts itself is refused. */
    public DeviceInstance build() {
        return new DeviceInstance(this);
    }
}
