// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.blk;

import io.virtio4j.benchmarks.queue.ChainShape;
import io.virtio4j.benchmarks.queue.PreparedRing;
import io.virtio4j.blk.AsyncBlockBackend;
import io.virtio4j.blk.BlockBackend;
import io.virtio4j.blk.BlockCounter;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.MemoryBackend;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
 * Requests of 4 KiB through a block device, header to status, laid out as Linux does: an indirect table of
 * three. {@value PreparedRing#BURST} requests a burst, one notification each way. Nanoseconds a request.
 *
 * <p>Cases: request x backend x ring format. The file is in the host's page cache: what is measured is the way
 * to it, with a system call for each request, and not the host's storage.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class BlockBenchmark {

    private static final int BLOCK = 4096;
    private static final long DISK = (long) PreparedRing.BURST * BLOCK;
    private static final byte OK = 0;

    /** What is asked for. */
    public enum Request implements ChainShape {
        /** IN: the data is written by the device. */
        READ(0),
        /** OUT: the data is read by the device. */
        WRITE(1);

        private static final int HEADER = 0;
        private static final int DATA = 1;
        private static final int STATUS = 2;

        private final int type;

        Request(int type) {
            this.type = type;
        }

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
            return descriptor == STATUS || descriptor == DATA && this == READ;
        }

        @Override
        public int length(int descriptor) {
            return switch (descriptor) {
                case HEADER -> 16;
                case DATA -> BLOCK;
                default -> 1;
            };
        }
    }

    /** Where the data is. */
    public enum Storage {
        /** {@link MemoryBackend}. */
        MEMORY,
        /** {@link FileBackend}. */
        FILE,
        /** Memory behind an {@link AsyncBlockBackend} whose executor runs tasks where it is given them. */
        ASYNC
    }

    /** The request. */
    @Param
    public Request request = Request.READ;

    /** The backend. */
    @Param
    public Storage storage = Storage.MEMORY;

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    private @Nullable Path file;
    private BlockBackend backend;
    private BlockDevice disk;
    private MemoryRegion region;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Makes a disk, all of it written, and takes the device through the initialization sequence. */
    @Setup
    public void start() throws IOException {
        backend = storage == Storage.FILE ? newFile() : new MemoryBackend(DISK);
        disk = storage == Storage.ASYNC
                ? new BlockDevice(AsyncBlockBackend.of(backend, Runnable::run))
                : new BlockDevice(backend);
        region = MemoryRegion.allocate(0, 1L << 30);
        ring = new PreparedRing(region.segment(), format, request);
        prepareRequests(region.segment());
        device = DeviceInstance.of(disk).memory(GuestMemory.of(region)).build();
        ring.start(device);
    }

    private FileBackend newFile() throws IOException {
        Path directory = Files.createTempDirectory("virtio4j-benchmark");
        Path image = directory.resolve("disk.img");
        file = image;
        Files.write(image, new byte[(int) DISK]); // without holes
        return FileBackend.open(image);
    }

    /** A block of the disk for each request; statuses are none yet. */
    private void prepareRequests(MemorySegment memory) {
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            long header = ring.buffer(chain, Request.HEADER);
            memory.set(ValueLayout.JAVA_INT, header, request.type);
            memory.set(ValueLayout.JAVA_LONG, header + 8, (long) chain * BLOCK / 512);
            memory.asSlice(ring.buffer(chain, Request.DATA), BLOCK).fill((byte) chain);
            memory.set(ValueLayout.JAVA_BYTE, ring.buffer(chain, Request.STATUS), (byte) 0xFF);
        }
    }

    /** A burst through the device. */
    @Benchmark
    @OperationsPerInvocation(PreparedRing.BURST)
    public void transfer() {
        ring.offer();
        device.notifyQueue(0);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + device.counters(0));
        }
    }

    /** Looks whether all was done, and frees what was taken. */
    @TearDown
    public void stop() throws IOException {
        Counters<BlockCounter> counters = disk.counters();
        long transfers = counters.get(request == Request.READ ? BlockCounter.READS : BlockCounter.WRITES);
        boolean answered = true;
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            long status = ring.buffer(chain, Request.STATUS);
            answered &= region.segment().get(ValueLayout.JAVA_BYTE, status) == OK;
        }
        device.close();
        backend.close();
        region.close();
        if (file != null) {
            Files.delete(file);
            Files.delete(file.getParent());
        }
        if (!answered || transfers == 0 || counters.get(BlockCounter.ERRORS) > 0) {
            throw new IllegalStateException("the disk did not do its work: " + counters);
        }
    }
}
