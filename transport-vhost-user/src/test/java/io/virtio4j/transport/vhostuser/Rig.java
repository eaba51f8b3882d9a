// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DeviceErrors;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A device behind a server, a front-end, its memory and a driver; checks at the end that nothing is left. */
final class Rig implements AutoCloseable {

    private final OpenDescriptors before = OpenDescriptors.now();

    final TestDevice device;
    final DeviceErrors errors = new DeviceErrors();
    final DeviceInstance instance;
    final VhostUserServer server;
    final SharedRam ram = new SharedRam();
    private final List<FrontEndPort> ports = new ArrayList<>();
    private final List<AutoCloseable> others = new ArrayList<>();

    FrontEndPort port;
    FrontEnd frontEnd;
    TestDriver driver;

    Rig() {
        this(Runner.manual(), builder -> builder);
    }

    Rig(Runner runner, UnaryOperator<VhostUserServerBuilder> choices, SharedMemoryRegion... shared) {
        device = new TestDevice(shared);
        instance = DeviceInstance.of(device).runner(runner).resetGrace(Duration.ZERO).onDeviceError(errors).build();
        server = choices.apply(VhostUserServer.of(instance).grace(Duration.ZERO)).build();
    }

    /** A front-end that keeps device status to itself. */
    Rig connect() {
        return connect(ProtocolFeature.STATUS);
    }

    Rig connect(ProtocolFeature... withheld) {
        FrontEnd connecting = FrontEnd.connect(server);
        long offered = connecting.get(FrontEnd.GET_PROTOCOL_FEATURES);
        return connect(connecting.negotiate(FrontEnd.without(offered, withheld)),
                !List.of(withheld).contains(ProtocolFeature.STATUS));
    }

    private Rig connect(FrontEnd connected, boolean passesStatus) {
        frontEnd = connected;
        port = new FrontEndPort(frontEnd, instance, passesStatus);
        ports.add(port);
        ram.tell(frontEnd);
        return this;
    }

    Rig start(RingFormat format) {
        driver = TestDriver.over(port, ram.ram, errors).polling(instance);
        driver.start(DriverOptions.of(format));
        return this;
    }

    void exchange(int value) {
        Submitted echo = driver.queue(TestDevice.ECHO).exchange(new byte[] {(byte) value}, 1);
        assertArrayEquals(echo.readable(), echo.written());
    }

    /** Closes something else as well. */
    <T extends AutoCloseable> T closing(T other) {
        others.add(other);
        return other;
    }

    /** Front-ends that are closed are not needed any more. */
    void forget() {
        device.finishAll();
        ports.clear();
        if (driver != null) {
            driver.queues().forEach(DriverQueue::dispose);
            driver = null;
        }
    }

    /** Gives a chain to the queue that keeps it. */
    Submitted submitSlow(int value) {
        Submitted submitted = driver.queue(TestDevice.SLOW).submit(new byte[] {(byte) value}, 1);
        driver.runDevice();
        return submitted;
    }

    @Override
    public void close() {
        device.finishAll();
        ports.forEach(FrontEndPort::close);
        try {
            for (AutoCloseable other : others) {
                other.close();
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        server.close();
        instance.close();
        ram.ram.check();
        ram.close();
        before.awaitAgain();
    }
}
