// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.gpu;

import io.virtio4j.benchmarks.queue.ChainShape;
import io.virtio4j.benchmarks.queue.PreparedRing;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.gpu.GpuCounter;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.Scanout;
import io.virtio4j.gpu.ScanoutListener;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A megapixel of an image of 1024 x 1024, in {@value PreparedRing#BURST} commands a burst: microseconds for all of it.
 * {@code copy} is the limit: the same bytes from one place to another.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class PictureBenchmark {

    private static final int SIDE = 1024;
    private static final int BYTES = SIDE * SIDE * 4;
    private static final long PAGES = 0x2000_0000L;
    private static final int IMAGE = 1;
    private static final int COMMAND = 56;
    private static final int ANSWER = 24;
    private static final int OK = 0x1100;

    /** A command and its answer. */
    private enum Shape implements ChainShape {
        COMMAND_AND_ANSWER;

        @Override
        public int descriptors() {
            return 2;
        }

        @Override
        public boolean isIndirect() {
            return true;
        }

        @Override
        public boolean isWritable(int descriptor) {
            return descriptor == 1;
        }

        @Override
        public int length(int descriptor) {
            return descriptor == 0 ? COMMAND : ANSWER;
        }
    }

    /** What is done with the megapixel. */
    public enum Work {
        /** TRANSFER_TO_HOST_2D of tiles of 64 x 64 pixels. */
        TRANSFER_TILES,
        /** TRANSFER_TO_HOST_2D of strips of four rows. */
        TRANSFER_STRIPS,
        /** RESOURCE_FLUSH of tiles; a listener counts. */
        FLUSH,
        /** RESOURCE_FLUSH of tiles; a listener reads their pixels into a picture of its own. */
        FLUSH_AND_READ
    }

    /** The work. */
    @Param
    public Work work = Work.TRANSFER_TILES;

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    private final int[] picture = new int[SIDE * SIDE];
    private long flushed;
    private MemoryRegion region;
    private MemoryRegion other;
    private GpuDevice gpu;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Makes an image on pages of the guest's, and shows it. */
    @Setup
    public void start() {
        region = MemoryRegion.allocate(0, 1L << 30);
        other = MemoryRegion.allocate(0, BYTES);
        ring = new PreparedRing(region.segment(), format, Shape.COMMAND_AND_ANSWER);
        gpu = new GpuDevice(Monitor.of(SIDE, SIDE));
        gpu.scanout(0).addListener(new Viewer());
        device = DeviceInstance.of(gpu).memory(GuestMemory.of(region)).build();
        MemorySegment pages = region.segment().asSlice(PAGES, BYTES);
        for (long at = 0; at < BYTES; at += 4) {
            pages.set(ValueLayout.JAVA_INT, at, color((int) (at / 4)));
        }
        command(0, 0x101, IMAGE, 2, SIDE, SIDE);
        command(1, 0x106, IMAGE, 1, (int) PAGES, 0, BYTES, 0);
        command(2, 0x105, 0, 0, SIDE, SIDE, 0, 0, IMAGE, 0);
        command(3, 0x103, 0, 0, SIDE, SIDE, 0, IMAGE);
        command(4, 0x104, 0, 0, SIDE, SIDE, IMAGE, 0);
        for (int chain = 5; chain < PreparedRing.BURST; chain++) {
            command(chain, 0x104, 0, 0, 0, 0, IMAGE, 0);
        }
        ring.start(device);
        burst();
        prepare();
        flushed = 0;
    }

    private void command(int chain, int type, int... values) {
        MemorySegment at = region.segment().asSlice(ring.buffer(chain, 0), COMMAND);
        at.fill((byte) 0);
        at.set(ValueLayout.JAVA_INT, 0, type);
        for (int i = 0; i < values.length; i++) {
            at.set(ValueLayout.JAVA_INT, ANSWER + 4L * i, values[i]);
        }
    }

    private void prepare() {
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            int x = chain % 16 * 64;
            int y = chain / 16 * 64;
            switch (work) {
                case TRANSFER_TILES -> command(chain, 0x105, x, y, 64, 64, (y * SIDE + x) * 4, 0, IMAGE, 0);
                case TRANSFER_STRIPS -> command(chain, 0x105, 0, chain * 4, SIDE, 4, chain * 4 * SIDE * 4, 0, IMAGE, 0);
                case FLUSH, FLUSH_AND_READ -> command(chain, 0x104, x, y, 64, 64, IMAGE, 0);
            }
        }
    }

    /** What somebody who looks does. */
    private final class Viewer implements ScanoutListener {

        @Override
        public void changed(Scanout scanout) {
            flushed = 0;
        }

        @Override
        public void damaged(Scanout scanout, int x, int y, int width, int height) {
            flushed += (long) width * height;
            if (work == Work.FLUSH_AND_READ) {
                scanout.read(x, y, width, height, picture, y * SIDE + x, SIDE);
            }
        }
    }

    /** A burst through the device. */
    @Benchmark
    public void burst() {
        ring.offer();
        device.notifyQueue(0);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + device.counters(0));
        }
    }

    /** The limit; the same whatever the work. */
    @Benchmark
    public void copy() {
        MemorySegment.copy(region.segment(), PAGES, other.segment(), 0, BYTES);
    }

    /** Every pixel has a color of its own. */
    private static int color(int pixel) {
        return pixel * 4 * 0x9E3779B9;
    }

    /** Looks whether all was done as it should be. */
    @TearDown
    public void stop() {
        boolean answered = true;
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            answered &= region.segment().get(ValueLayout.JAVA_INT, ring.buffer(chain, 1)) == OK;
        }
        int[] shown = gpu.scanout(0).read();
        boolean right = shown != null && shown[777_777] == (0xFF00_0000 | color(777_777));
        long errors = gpu.counters().get(GpuCounter.ERRORS);
        device.close();
        gpu.close();
        region.close();
        other.close();
        if (!answered || !right || errors > 0 || flushed % (SIDE * SIDE) != 0) {
            throw new IllegalStateException("the GPU did not do its work: " + gpu.counters());
        }
    }
}
