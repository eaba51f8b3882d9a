// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.queue;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.transport.DeviceInstance;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The device's side of a ring: take a chain, visit and translate every descriptor, use the chain. {@value
 * PreparedRing#BURST} chains a burst, one notification each way, EVENT_IDX on, through a whole {@link
 * DeviceInstance}. Nanoseconds a chain.
 *
 * <p>Cases: ring format x {@link Shape}. With packed rings the driver has to write each descriptor anew,
 * because the device writes over them; that cost is in the figure.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
// A heap below 4 GiB: the JVM then reaches objects without arithmetic.
@Fork(value = 1, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class PopPushBenchmark {

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    /** The descriptors of a chain. */
    @Param
    public Shape shape = Shape.ONE;

    private final Visitor visitor = new Visitor();
    private MemoryRegion region;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Takes the device through the initialization sequence. */
    @Setup
    public void start() {
        region = MemoryRegion.allocate(0, 1L << 30);
        ring = new PreparedRing(region.segment(), format, shape);
        device = DeviceInstance.of(visitor).memory(GuestMemory.of(region)).build();
        ring.start(device);
    }

    /** Ends the device and frees its memory. */
    @TearDown
    public void stop() {
        if (visitor.sum == 0 || device.counters(0).chainFaults() + device.counters(0).ringFaults() > 0) {
            throw new IllegalStateException("the device did not do its work: " + device.counters(0));
        }
        device.close();
        region.close();
    }

    /** A burst through the device. */
    @Benchmark
    @OperationsPerInvocation(PreparedRing.BURST)
    public long popPush() {
        ring.offer();
        device.notifyQueue(0);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + device.counters(0));
        }
        return visitor.sum;
    }

    /** Visits every buffer, and reports all device-writable bytes as written. */
    private static final class Visitor implements VirtioDevice {

        private long sum;

        @Override
        public DeviceType type() {
            return new DeviceType(63, "visitor");
        }

        @Override
        public List<QueueSpec> queues() {
            return List.of(new QueueSpec("queue", 1024));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return this::visit;
        }

        private void visit(DescriptorChain chain) {
            ChainReader reader = chain.reader();
            while (reader.nextRun() > 0) {
                sum += reader.segmentOffset();
            }
            ChainWriter writer = chain.writer();
            while (writer.nextRun() > 0) {
                sum += writer.segmentOffset();
            }
            chain.complete(writer.length());
        }
    }
}
