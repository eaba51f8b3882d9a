// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.FAILED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds for every device, as tests: extend it in the device's tests, make a device, and say what a
 * good request is.
 *
 * <pre>{@code
 * class EntropyContractTest extends DeviceContract {
 *     protected VirtioDevice device() {
 *         return new EntropyDevice(source);
 *     }
 *
 *     protected Request request(int number) {
 *         return new Request(0, new byte[0], 64, done -> assertEquals(64, done.usedLength()));
 *     }
 * }
 * }</pre>
 */
public abstract class DeviceContract {

    private static final int REQUESTS = 12;

    /** For subclasses. */
    protected DeviceContract() {}

    /**
     * A request that every instance of the device serves, whatever was served before.
     *
     * @param queue where it goes
     * @param readable its device-readable bytes
     * @param writable how many device-writable bytes it has
     * @param check looks at the used buffer; throws if it is not what it should be
     */
    public record Request(int queue, byte[] readable, int writable, Consumer<Submitted> check) {}

    /** Makes a device. Several that are made in one test may share a backend. */
    protected abstract VirtioDevice device();

    /**
     * Makes a good request.
     *
     * @param number counts the requests of a test, so that they can differ
     */
    protected abstract Request request(int number);

    /** Puts buffers into queues that wait for them, after each initialization. Default: does nothing. */
    protected void prepare(TestDriver driver) {}

    /** Whether the device may keep buffers of a queue, such as for packets to come. Default: of none. */
    protected boolean mayKeep(int queue) {
        return false;
    }

    /** Features of its type that the device demands of every driver. Default: none. */
    protected FeatureSet demandedFeatures() {
        return FeatureSet.NONE;
    }

    /** Changes what instances are made with. Default: offers everything that the framework can do. */
    protected void configure(DeviceInstanceBuilder builder) {
        builder.offer(CoreFeature.IN_ORDER, CoreFeature.NOTIFICATION_DATA, CoreFeature.ORDER_PLATFORM);
    }

    private TestDriver attach() {
        return TestDriver.attach(device(), this::configure);
    }

    private TestDriver start(TestDriver driver, DriverOptions options) {
        driver.start(options);
        prepare(driver);
        return driver;
    }

    private void serve(TestDriver driver, int count) {
        for (int number = 0; number < count; number++) {
            Request request = request(number);
            request.check.accept(driver.queue(request.queue)
                    .exchange(request.readable, request.writable));
        }
    }

    private List<Runnable> submit(TestDriver driver, int count) {
        List<Runnable> checks = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            Request request = request(number);
            DriverQueue queue = driver.queue(request.queue);
            int share = queue.size() / (request.readable.length > 0 && request.writable > 0 ? 2 : 1);
            if (queue.free() < Math.min(request.readable.length, share)
                    + Math.min(request.writable, share)) {
                break; // byte by byte, a large request takes most of a queue
            }
            Submitted submitted = queue.submit(request.readable, request.writable);
            checks.add(() -> request.check.accept(queue.await(submitted)));
        }
        return checks;
    }

    /** Four layouts and a random one, on both rings. */
    static Stream<DriverOptions> options() {
        List<Layout> layouts = new ArrayList<>(Layout.all());
        layouts.add(Layout.random(20));
        return Stream.of(RingFormat.values()).flatMap(format ->
                layouts.stream().map(layout -> DriverOptions.of(format).layout(layout)));
    }

    // ── Operation ──────────────────────────────────────────────────────────

    @ParameterizedTest
    @MethodSource("options")
    @Normative("SPL-1")
    @HostileCase("DC-9")
    void requests_are_served_in_every_layout(DriverOptions options) {
        try (TestDriver driver = attach()) {
            serve(start(driver, options), REQUESTS);
        }
    }

    @ParameterizedTest
    @MethodSource("options")
    void requests_are_served_when_many_are_available_at_once(DriverOptions options) {
        try (TestDriver driver = attach()) {
            start(driver, options.queueSize(256));
            submit(driver, 3).forEach(Runnable::run);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void requests_are_served_without_optional_features(RingFormat format) {
        try (TestDriver driver = attach()) {
            FeatureSet least = demandedFeatures().with(CoreFeature.VERSION_1);
            if (format == RingFormat.PACKED) {
                least = least.with(CoreFeature.RING_PACKED);
            }
            if (driver.offered().has(CoreFeature.ACCESS_PLATFORM)) {
                least = least.with(CoreFeature.ACCESS_PLATFORM);
            }
            serve(start(driver, DriverOptions.split().exactly(least)), REQUESTS);
        }
    }

    // ── Features ───────────────────────────────────────────────────────────

    @Test
    @Normative({"COR-5", "COR-22"})
    @HostileCase({"ST-1", "ST-2"})
    void features_that_are_not_offered_are_refused() {
        try (TestDriver driver = attach()) {
            FeatureSet offered = driver.offered();
            int refused = 0;
            for (int bit = 0; bit < 128; bit++) {
                if (!offered.hasBit(bit)) {
                    DriverOptions wrong = DriverOptions.split().exactly(offered.withBit(bit));
                    assertFalse(driver.reset().tryNegotiate(wrong), "bit=" + bit);
                    refused++;
                }
            }
            HostileCases.count("ST-1", refused);
            assertTrue(offered.has(CoreFeature.VERSION_1));
            assertFalse(driver.reset().tryNegotiate(
                    DriverOptions.split().exactly(offered.without(CoreFeature.VERSION_1))));
            serve(start(driver, DriverOptions.split()), 1);
        }
    }

    @Test
    @Normative("COR-7")
    void what_was_negotiated_once_is_negotiated_again() {
        try (TestDriver driver = attach()) {
            for (int i = 0; i < 5; i++) {
                serve(start(driver, DriverOptions.split()), 1);
                serve(start(driver, DriverOptions.packed()), 1);
            }
        }
    }

    @Test
    @Normative("COR-10")
    void the_configuration_can_be_read_at_any_time_and_place() {
        try (TestDriver driver = attach()) {
            driver.reset();
            for (int width : new int[] {1, 2, 4, 8}) {
                for (int offset = 0; offset < 512; offset++) {
                    driver.port().readConfig(offset, width);
                }
            }
            byte[] before = configuration(driver);
            serve(start(driver, DriverOptions.split()), 1);
            driver.reset();
            assertArrayEquals(before, configuration(driver));
        }
    }

    private static byte[] configuration(TestDriver driver) {
        byte[] bytes = new byte[driver.instance().configSize()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) driver.port().readConfig(i, 1);
        }
        return bytes;
    }

    // ── Reset ──────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-8")
    void the_device_can_be_reset_from_every_state(RingFormat format) {
        DriverOptions options = DriverOptions.of(format);
        List<Consumer<TestDriver>> states = List.of(
                driver -> {},
                driver -> driver.addStatus(ACKNOWLEDGE),
                driver -> driver.port().writeStatus(ACKNOWLEDGE | DRIVER),
                driver -> driver.port().writeStatus(ACKNOWLEDGE | DRIVER | FAILED),
                driver -> driver.negotiate(options),
                driver -> driver.negotiate(options).setUpQueues(),
                driver -> start(driver, options),
                driver -> serve(start(driver, options), 3),
                driver -> submit(start(driver, options), 3),
                driver -> {
                    submit(start(driver, options), 3);
                    driver.runDevice();
                },
                driver -> start(driver, options).suspend(),
                driver -> breakRing(start(driver, options), request(0).queue),
                driver -> start(driver, options).addStatus(FAILED));
        try (TestDriver driver = attach()) {
            for (Consumer<TestDriver> state : states) {
                driver.reset();
                state.accept(driver);
                driver.reset();
                assertEquals(0, driver.port().status());
                serve(start(driver, options), 2);
            }
        }
    }

    private static void breakRing(TestDriver driver, int queue) {
        driver.resetQueue(queue);
        RawQueue raw = RawQueue.enable(driver, queue, 4);
        raw.chain(new RawQueue.Raw(0, 0, RawQueue.INDIRECT | RawQueue.NEXT));
        raw.availableIndex(raw.format() == RingFormat.SPLIT ? 1000 : 0);
        raw.kick();
        driver.waitFor("the device to need a reset", driver::needsReset);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-11", "COR-12", "COR-13"})
    void every_queue_can_be_reset_and_enabled_again(RingFormat format) {
        try (TestDriver driver = attach()) {
            start(driver, DriverOptions.of(format));
            for (DriverQueue queue : List.copyOf(driver.queues())) {
                driver.resetQueue(queue.index());
                driver.setUpQueue(queue.index());
                driver.port().notifyQueue(queue.index());
                driver.runDevice();
            }
            int requestQueue = request(0).queue;
            for (int round = 0; round < 5; round++) {
                serve(driver, 2);
                submit(driver, round);
                if (round % 2 == 0) {
                    driver.runDevice();
                }
                driver.resetQueue(requestQueue);
                driver.setUpQueue(requestQueue);
            }
            driver.queues().forEach(DriverQueue::mayKeepBuffers);
            serve(driver, 2);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-19", "COR-20"})
    void the_device_suspends_and_goes_on(RingFormat format) {
        try (TestDriver driver = attach()) {
            start(driver, DriverOptions.of(format));
            for (int round = 0; round < 4; round++) {
                List<Runnable> checks = submit(driver, round);
                driver.suspend();
                driver.resume();
                checks.forEach(Runnable::run);
            }
        }
    }

    // ── Migration ──────────────────────────────────────────────────────────

    @ParameterizedTest
    @MethodSource("options")
    @HostileCase("MG-3")
    void the_device_goes_on_elsewhere_with_what_is_in_work(DriverOptions options) {
        try (TestDriver driver = attach()) {
            start(driver, options.queueSize(256));
            for (int round = 0; round < 8; round++) {
                List<Runnable> checks = submit(driver, round % 4);
                if (round % 2 == 0) {
                    driver.instance().poll(1);
                }
                driver.migrateTo(device());
                checks.forEach(Runnable::run);
                serve(driver, 1);
            }
        }
    }

    @Test
    @HostileCase("MG-1")
    void damaged_state_is_refused_or_harmless() {
        restoreDamaged(1_500);
    }

    @Test
    @Tag("slow")
    @HostileCase("MG-1")
    void state_damaged_anywhere_is_refused_or_harmless() {
        restoreDamaged(Integer.MAX_VALUE);
    }

    private void restoreDamaged(int most) {
        try (TestDriver driver = attach()) {
            serve(start(driver, DriverOptions.split()), 2);
            byte[] saved = driver.instance().save();
            HostileCases.count("MG-1", DamagedState.attempt(saved, this::device, this::configure, most));
        }
    }

    // ── Hostile drivers ────────────────────────────────────────────────────

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 6);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_device_survives_a_hostile_driver(long seed) {
        hostile(seed).run(device(), this::configure, 600, this::smoke);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @HostileCase("DC-10")
    void the_device_survives_memory_that_changes_meanwhile(long seed) {
        hostile(seed).flipping().run(device(), this::configure, 200, this::smoke);
    }

    private HostileDriver hostile(long seed) {
        HostileDriver hostile = new HostileDriver(seed);
        for (int number = 0; number < 4; number++) {
            Request request = request(number);
            hostile.template(request.queue, request.readable, request.writable);
            if (mayKeep(request.queue)) {
                hostile.mayKeep(request.queue);
            }
        }
        return hostile;
    }

    private void smoke(TestDriver driver) {
        prepare(driver);
        serve(driver, 2);
    }
}
