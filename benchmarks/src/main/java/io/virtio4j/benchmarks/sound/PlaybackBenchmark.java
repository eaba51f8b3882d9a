// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.sound;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.netty.buffer.ByteBuf;
import io.virtio4j.benchmarks.queue.ChainShape;
import io.virtio4j.benchmarks.queue.PreparedRing;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundDevice;
import io.virtio4j.sound.pcm.PcmDirection;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.sound.pcm.PcmSource;
import java.lang.foreign.MemorySegment;
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
 * Frames of 16-bit stereo through a sound device and its rings, as fast as time can be made to pass: from guest
 * memory to a backend that copies them, or from one to guest memory. {@value PreparedRing#BURST} messages of
 * {@value #PERIOD} frames a burst. Frames a second; beside them a plain copy of the same bytes, the limit.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class PlaybackBenchmark {

    private static final int PERIOD = 480;
    private static final int FRAME_BYTES = 4;
    private static final int BYTES = PERIOD * FRAME_BYTES;
    private static final int FRAMES = PreparedRing.BURST * PERIOD;
    /** At 384 kHz a burst lasts less than the second that a device makes up for. */
    private static final long BURST_NANOS = FRAMES * 1_000_000_000L / 384_000;
    private static final int STEREO_S16_384000 = 2 | 5 << 8 | 13 << 16;

    /** Which way frames go. */
    @Param
    public PcmDirection direction = PcmDirection.OUTPUT;

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    private final byte[] frames = new byte[BYTES];
    private long now;
    private SoundDevice card;
    private MemoryRegion region;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Copies frames, and is never behind. */
    private final class Copy implements PcmSink, PcmSource {

        @Override
        public void write(ByteBuf from) {
            from.readBytes(frames, 0, from.readableBytes());
        }

        @Override
        public void read(ByteBuf to) {
            to.writeBytes(frames, 0, to.writableBytes());
        }

        @Override
        public void close() {}
    }

    private Copy open(PcmParameters parameters) {
        return new Copy();
    }

    /** Time that passes when the benchmark says so. */
    private final class Clock implements DeviceClock {

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void set(Alarm alarm, long time) {}
    }

    /** Header, frames, status, in an indirect table as Linux has them. */
    private final class Shape implements ChainShape {

        @Override
        public int descriptors() {
            return 3;
        }

        @Override
        public boolean isIndirect() {
            return true;
        }

        @Override
        public boolean isWritable(int descriptor) {
            return descriptor == 2 || descriptor == 1 && direction == PcmDirection.INPUT;
        }

        @Override
        public int length(int descriptor) {
            return descriptor == 0 ? 4 : descriptor == 1 ? BYTES : 8;
        }
    }

    /** Starts a stream. */
    @Setup
    public void start() {
        PcmOutput output = this::open;
        PcmInput input = this::open;
        card = SoundDevice.builder().output(output).input(input).clock(new Clock()).build();
        region = MemoryRegion.allocate(0, 1L << 30);
        ring = new PreparedRing(region.segment(), format, new Shape());
        device = DeviceInstance.of(card).memory(GuestMemory.of(region)).runner(Runner.manual()).build();
        int stream = direction.ordinal();
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            region.segment().set(JAVA_INT_UNALIGNED, ring.buffer(chain, 0), stream);
        }
        StreamCommands commands = new StreamCommands(region.segment());
        commands.write(format, stream, 4 * BYTES, BYTES, STEREO_S16_384000);
        ring.start(device, queue(), () -> commands.setUp(device));
        device.poll(100);
        if (!commands.succeeded()) {
            throw new IllegalStateException("stream was not started: " + card.counters());
        }
    }

    private int queue() {
        return direction == PcmDirection.OUTPUT ? 2 : 3;
    }

    /** A burst through the device. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public void transfer() {
        ring.offer();
        device.notifyQueue(queue());
        device.poll(1);
        now += BURST_NANOS;
        device.notifyQueue(queue());
        device.poll(1);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + card.counters());
        }
    }

    /** The same bytes, copied without a device. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public void copy() {
        MemorySegment memory = region.segment();
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            long at = ring.buffer(chain, 1);
            if (direction == PcmDirection.OUTPUT) {
                MemorySegment.copy(memory, JAVA_BYTE, at, frames, 0, BYTES);
            } else {
                MemorySegment.copy(frames, 0, memory, JAVA_BYTE, at, BYTES);
            }
        }
    }

    /** Looks whether all was done. */
    @TearDown
    public void stop() {
        long errors = card.counters().get(SoundCounter.MESSAGE_ERRORS)
                + card.counters().get(SoundCounter.BACKEND_ERRORS) + card.counters().get(SoundCounter.SILENT_FRAMES)
                + card.counters().get(SoundCounter.LOST_FRAMES) + card.counters().get(SoundCounter.MISSING_BYTES);
        device.close();
        region.close();
        if (errors != 0) {
            throw new IllegalStateException("the card did not do its work: " + card.counters());
        }
    }
}
