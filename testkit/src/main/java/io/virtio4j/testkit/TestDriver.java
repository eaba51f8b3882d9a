// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.core.transport.DeviceStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A driver in the test's own process: brings a device up by the specification's sequence, and exchanges
 * buffers with it.
 *
 * <pre>{@code
 * try (TestDriver driver = TestDriver.attach(new Echo()).start()) {
 *     Submitted echo = driver.queue(0).exchange("hello, device!!!".getBytes(), 16);
 *     assertArrayEquals(echo.readable(), echo.written());
 * }
 * }</pre>
 *
 * <p>{@link #close()} fails the test if the device kept a buffer, if its code threw, if it needs a reset, or
 * if something wrote to guest memory where it must not.
 */
public final class TestDriver implements AutoCloseable {

    private static final int TURNS = 1 << 20;
    /** Only a failure takes so long: a machine that builds much else may keep a thread waiting. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ForwardingPort port;
    private final GuestRam ram;
    private final DeviceErrors errors;
    private final Map<Integer, DriverQueue> queues = new TreeMap<>();

    private @Nullable DeviceInstance owned;
    private Consumer<DeviceInstanceBuilder> choices = builder -> {};
    private @Nullable DeviceInstance polled;
    private DriverOptions options = DriverOptions.split();
    private FeatureSet negotiated = FeatureSet.NONE;

    private TestDriver(DriverPort port, GuestRam ram, DeviceErrors errors) {
        this.port = new ForwardingPort(port);
        this.ram = ram;
        this.errors = errors;
    }

    // ── Making one ─────────────────────────────────────────────────────────

    /**
     * Makes guest memory and an instance of a device, and drives it without a transport. The device works
     * when the driver waits, on the same thread: every run is the same.
     */
    public static TestDriver attach(VirtioDevice device) {
        return attach(device, builder -> {});
    }

    /** As {@link #attach(VirtioDevice)}; the caller may change what the instance is made with. */
    public static TestDriver attach(VirtioDevice device, Consumer<DeviceInstanceBuilder> choices) {
        return attach(device, GuestRam.allocate(), choices);
    }

    /** As {@link #attach(VirtioDevice, Consumer)}, with memory of the caller's; closed with the driver. */
    public static TestDriver attach(
            VirtioDevice device, GuestRam ram, Consumer<DeviceInstanceBuilder> choices) {
        DeviceErrors errors = new DeviceErrors();
        DeviceInstance instance = build(device, ram, errors, choices);
        TestDriver driver = new TestDriver(new DirectPort(instance), ram, errors);
        driver.owned = instance;
        driver.choices = choices;
        return driver.polling(instance);
    }

    private static DeviceInstance build(
            VirtioDevice device, GuestRam ram, DeviceErrors errors,
            Consumer<DeviceInstanceBuilder> choices) {
        DeviceInstanceBuilder builder = DeviceInstance.of(device)
                .memory(ram.memory())
                .runner(Runner.manual())
                .onDeviceError(errors);
        choices.accept(builder);
        return builder.build();
    }

    /**
     * Drives a device through a transport. The memory is closed with the driver, the device by the caller,
     * afterwards.
     */
    public static TestDriver over(DriverPort port, GuestRam ram) {
        return over(port, ram, new DeviceErrors());
    }

    /** As {@link #over(DriverPort, GuestRam)}; fails if the device reports errors of its code. */
    public static TestDriver over(DriverPort port, GuestRam ram, DeviceErrors errors) {
        return new TestDriver(port, ram, errors);
    }

    /** Runs a device with {@link Runner#manual()} whenever the driver waits. */
    public TestDriver polling(DeviceInstance instance) {
        polled = instance;
        return this;
    }

    // ── Parts ──────────────────────────────────────────────────────────────

    /** How this driver reaches the device. */
    public DriverPort port() {
        return port;
    }

    /** Guest memory. */
    public GuestRam ram() {
        return ram;
    }

    /** What the device's code threw; a test that expects it takes it away. */
    public DeviceErrors errors() {
        return errors;
    }

    /**
     * The instance that {@link #attach} made.
     *
     * @throws IllegalStateException if this driver goes through a transport
     */
    public DeviceInstance instance() {
        DeviceInstance instance = owned;
        if (instance == null) {
            throw new IllegalStateException("this driver was not made by attach");
        }
        return instance;
    }

    /** What was negotiated. */
    public FeatureSet negotiated() {
        return negotiated;
    }

    /** A queue that was set up. */
    public DriverQueue queue(int index) {
        DriverQueue queue = queues.get(index);
        if (queue == null) {
            throw new IllegalStateException("no such queue was set up: queue=" + index + " queues="
                    + queues.keySet());
        }
        return queue;
    }

    /** The queues that were set up. */
    public Collection<DriverQueue> queues() {
        return List.copyOf(queues.values());
    }

    // ── Initialization [General Initialization And Device Operation / Device Initialization] ──

    /** Initializes with split rings; every feature that is offered is accepted. */
    public TestDriver start() {
        return start(DriverOptions.split());
    }

    /** Initializes: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, all queues, DRIVER_OK. */
    public TestDriver start(DriverOptions wanted) {
        reset();
        negotiate(wanted);
        setUpQueues();
        return driverOk();
    }

    /** Writes 0 to device status, waits until it reads 0, and forgets all queues. */
    public TestDriver reset() {
        port.writeStatus(0);
        waitFor("status to read 0 after a reset", () -> port.status() == 0);
        queues.values().forEach(DriverQueue::dispose);
        queues.clear();
        port.takeNotifications();
        negotiated = FeatureSet.NONE;
        return this;
    }

    /** ACKNOWLEDGE and DRIVER, then features up to FEATURES_OK, which has to stay. */
    public TestDriver negotiate(DriverOptions wanted) {
        FeatureSet accepted = offer(wanted);
        if ((port.status() & FEATURES_OK) == 0) {
            throw new AssertionError("device refused features: accepted=" + accepted + " offered="
                    + offered());
        }
        return this;
    }

    /** As {@link #negotiate}, for features that the device is to refuse; says whether it accepted. */
    public boolean tryNegotiate(DriverOptions wanted) {
        offer(wanted);
        return (port.status() & FEATURES_OK) != 0;
    }

    private FeatureSet offer(DriverOptions wanted) {
        options = wanted;
        addStatus(ACKNOWLEDGE);
        addStatus(DRIVER);
        FeatureSet accepted = wanted.choose(offered());
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            port.acceptFeatures(word, accepted.word(word));
        }
        addStatus(FEATURES_OK);
        negotiated = accepted;
        return accepted;
    }

    /** The features that the device offers. */
    public FeatureSet offered() {
        FeatureSet offered = FeatureSet.NONE;
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            offered = offered.withWord(word, port.deviceFeatures(word));
        }
        return offered;
    }

    /** Sets up and enables every queue that the device has. */
    public TestDriver setUpQueues() {
        for (int index = 0; port.queueSizeMax(index) > 0; index++) {
            setUpQueue(index);
        }
        return this;
    }

    /** Sets up and enables one queue. */
    public DriverQueue setUpQueue(int index) {
        return setUpQueue(index, Math.min(options.queueSize(), port.queueSizeMax(index)));
    }

    /** Sets up and enables one queue of this size. */
    public DriverQueue setUpQueue(int index, int size) {
        DriverQueue queue = DriverQueue.of(new DriverQueue.Setup(
                port, ram, index, size, negotiated, this::runDevice));
        queue.layout(options.layout());
        queue.enableInterrupts();
        DriverQueue before = queues.put(index, queue);
        if (before != null) {
            before.dispose();
        }
        queue.enable();
        return queue;
    }

    /** Sets DRIVER_OK. */
    public TestDriver driverOk() {
        addStatus(DRIVER_OK);
        return this;
    }

    /** Sets a bit of device status and keeps the others. */
    public void addStatus(int bit) {
        port.writeStatus(port.status() | bit);
    }

    // ── Operation ──────────────────────────────────────────────────────────

    /**
     * Runs the device on this thread until it has nothing to do, if it is one that waits for that.
     *
     * @return how many turns of queues that took
     */
    public int runDevice() {
        DeviceInstance instance = polled;
        if (instance == null) {
            return 0;
        }
        int turns = instance.poll(TURNS);
        if (turns == TURNS) {
            throw new AssertionError("device does not come to rest: " + instance);
        }
        return turns;
    }

    /** Resets one queue and waits for the end. Needs RING_RESET. [Virtqueue Reset] */
    public TestDriver resetQueue(int index) {
        port.resetQueue(index);
        waitFor("queue reset to end: queue=" + index,
                () -> !port.isQueueResetting(index) && !port.isQueueEnabled(index));
        DriverQueue queue = queues.remove(index);
        if (queue != null) {
            queue.dispose();
        }
        return this;
    }

    /** Suspends the device. Needs SUSPEND. [Device Suspend] */
    public TestDriver suspend() {
        addStatus(SUSPEND);
        waitFor("device to suspend", () -> (port.status() & (SUSPEND | DRIVER_OK)) == SUSPEND);
        return this;
    }

    /** Resumes the device. [Device Suspend] */
    public TestDriver resume() {
        port.writeStatus(port.status() & ~SUSPEND | DRIVER_OK);
        waitFor("device to resume", () -> (port.status() & (SUSPEND | DRIVER_OK)) == DRIVER_OK);
        return this;
    }

    /**
     * Saves the device's state and goes on with a fresh one that restores it, as a migration does, with
     * whatever is in work. The old instance is closed; what its device still completes changes nothing.
     *
     * @param fresh a device that was not used yet
     * @throws IllegalStateException if this driver was not made by {@link #attach}
     */
    public TestDriver migrateTo(VirtioDevice fresh) {
        DeviceInstance source = instance();
        DeviceInstance destination = build(fresh, ram, errors, choices);
        DirectPort destinationPort = new DirectPort(destination);
        source.pause();
        destination.restore(source.save());
        port.forward(destinationPort);
        owned = destination;
        source.close();
        return polling(destination);
    }

    /** Whether the device needs a reset. */
    public boolean needsReset() {
        return (port.status() & DEVICE_NEEDS_RESET) != 0;
    }

    /** Waits for something that the device does, running it meanwhile. */
    public void waitFor(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            runDevice();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain for " + what + ": status="
                        + DeviceStatus.text(port.status()));
            }
            port.interrupts().await(port.interrupts().total(), Duration.ofNanos(50_000));
        }
    }

    // ── The end ────────────────────────────────────────────────────────────

    /**
     * Runs the device to its end, resets it, and checks what has to hold after every test.
     *
     * @throws AssertionError if something does not
     */
    @Override
    public void close() {
        List<Throwable> failures = new ArrayList<>();
        attempt(failures, this::checkBeforeReset);
        // A device that kept a buffer may never end a reset: no need to wait for it.
        attempt(failures, failures.isEmpty() ? this::reset : () -> port.writeStatus(0));
        attempt(failures, errors::check);
        attempt(failures, ram::check);
        if (owned != null) {
            attempt(failures, owned::close);
        }
        ram.close();
        if (!failures.isEmpty()) {
            Throwable first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first instanceof Error error ? error : new AssertionError("close failed", first);
        }
    }

    private void checkBeforeReset() {
        runDevice();
        if (needsReset()) {
            throw new AssertionError("device needs a reset: status=" + DeviceStatus.text(port.status()));
        }
        for (DriverQueue queue : queues.values()) {
            queue.collect();
            if (!queue.mayKeep() && !queue.pending().isEmpty()) {
                throw new AssertionError("device kept buffers: " + queue + " first="
                        + queue.pending().iterator().next());
            }
        }
    }

    private static void attempt(List<Throwable> failures, Runnable check) {
        try {
            check.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }
}
