// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.fs;

import io.virtio4j.benchmarks.queue.ChainShape;
import io.virtio4j.benchmarks.queue.PreparedRing;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.tree.TreeBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

/** Requests a second, {@value PreparedRing#BURST} in a burst, for a file of a tree in memory. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class FuseBenchmark {

    private static final int HEADER = 40;
    private static final int REPLY = 16;
    private static final int PAGE = 4096;
    private static final int MANY = 12;
    private static final int REQUESTS = 1;
    private static final long ROOT = 1;

    /** What is asked for. */
    public enum Work implements ChainShape {
        /** FUSE_GETATTR. */
        GETATTR(3, 16, 0, 104, 0),
        /** FUSE_LOOKUP of a name in the root. */
        LOOKUP(1, 2, 0, 128, 0),
        /** FUSE_READ of 4 KiB. */
        READ_4K(15, 40, 0, 0, 1),
        /** FUSE_READ of 48 KiB, a page a descriptor. */
        READ_48K(15, 40, 0, 0, MANY),
        /** FUSE_WRITE of 4 KiB. */
        WRITE_4K(16, 40, 1, 8, 0),
        /** FUSE_WRITE of 48 KiB, a page a descriptor. */
        WRITE_48K(16, 40, MANY, 8, 0);

        private final int opcode;
        private final int in;
        private final int pagesIn;
        private final int out;
        private final int pagesOut;

        Work(int opcode, int in, int pagesIn, int out, int pagesOut) {
            this.opcode = opcode;
            this.in = in;
            this.pagesIn = pagesIn;
            this.out = out;
            this.pagesOut = pagesOut;
        }

        @Override
        public int descriptors() {
            return 2 + pagesIn + pagesOut;
        }

        @Override
        public boolean isIndirect() {
            return true;
        }

        @Override
        public boolean isWritable(int descriptor) {
            return descriptor > pagesIn;
        }

        @Override
        public int length(int descriptor) {
            return descriptor == 0 ? HEADER + in : descriptor == 1 + pagesIn ? REPLY + out : PAGE;
        }
    }

    /** The work. */
    @Param
    public Work work = Work.READ_4K;

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    private MemoryRegion region;
    private FsDevice fs;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Begins a session with an open file, and prepares a burst of requests. */
    @Setup
    public void start() throws IOException {
        TreeBackend tree = TreeBackend.create().file("f", new byte[MANY * PAGE]);
        Session session = new Session(tree);
        session.ask(message(26, 0, body(64).putInt(7).putInt(45)), 64);
        long node = session.ask(message(1, ROOT, body(2).put((byte) 'f')), 128).getLong(REPLY);
        long handle = session.ask(message(14, node, body(8).putInt(2)), 16).getLong(REPLY);
        fs = session.next();
        region = MemoryRegion.allocate(0, 1L << 30);
        ring = new PreparedRing(region.segment(), format, work);
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            ByteBuffer request = request(node, handle, chain);
            MemorySegment.copy(request.array(), 0, region.segment(), ValueLayout.JAVA_BYTE, ring.buffer(chain, 0),
                    request.capacity());
        }
        device = DeviceInstance.of(fs).memory(GuestMemory.of(region)).build();
        ring.start(device, REQUESTS);
    }

    /** Requests of one kind after the other, each served by a device that goes on where the last one was. */
    private static final class Session {

        private final TreeBackend tree;
        private byte[] state;

        Session(TreeBackend tree) {
            this.tree = tree;
            StateWriter empty = new StateWriter();
            FsDevice.of("benchmark", tree).build().save(empty);
            state = empty.toByteArray();
        }

        FsDevice next() {
            FsDevice next = FsDevice.of("benchmark", tree).build();
            next.restore(new StateReader(state));
            return next;
        }

        /** The first reply of a burst of the same request. */
        ByteBuffer ask(ByteBuffer request, int room) {
            FsDevice next = next();
            MemoryRegion memory = MemoryRegion.allocate(0, 1L << 30);
            PreparedRing requests = new PreparedRing(memory.segment(), RingFormat.SPLIT,
                    new Plain(request.capacity(), REPLY + room));
            for (int chain = 0; chain < PreparedRing.BURST; chain++) {
                MemorySegment.copy(request.array(), 0, memory.segment(), ValueLayout.JAVA_BYTE,
                        requests.buffer(chain, 0), request.capacity());
            }
            try (DeviceInstance instance = DeviceInstance.of(next).memory(GuestMemory.of(memory)).build()) {
                requests.start(instance, REQUESTS);
                requests.offer();
                instance.notifyQueue(REQUESTS);
                byte[] reply = memory.segment().asSlice(requests.buffer(0, 1), REPLY + room)
                        .toArray(ValueLayout.JAVA_BYTE);
                StateWriter out = new StateWriter();
                next.save(out);
                state = out.toByteArray();
                return ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN);
            } finally {
                memory.close();
            }
        }
    }

    /** A request and its reply. */
    private record Plain(int readable, int writable) implements ChainShape {

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
            return descriptor == 0 ? readable : writable;
        }
    }

    private static ByteBuffer body(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer message(int opcode, long node, ByteBuffer body) {
        return body(HEADER + body.capacity())
                .putInt(HEADER + body.capacity()).putInt(opcode).putLong(2).putLong(node).putLong(0).putLong(0)
                .put(body.array());
    }

    private static ByteBuffer data(int opcode, long node, long handle, long offset, int size) {
        return message(opcode, node, body(40).putLong(handle).putLong(offset).putInt(size));
    }

    private ByteBuffer request(long node, long handle, int chain) {
        return switch (work) {
            case GETATTR -> message(work.opcode, node, body(16));
            case LOOKUP -> message(work.opcode, ROOT, body(2).put((byte) 'f'));
            case READ_4K -> data(work.opcode, node, handle, (long) chain % MANY * PAGE, PAGE);
            case READ_48K -> data(work.opcode, node, handle, 0, MANY * PAGE);
            case WRITE_4K -> data(work.opcode, node, handle, (long) chain % MANY * PAGE, PAGE)
                    .putInt(0, HEADER + 40 + PAGE);
            case WRITE_48K -> data(work.opcode, node, handle, 0, MANY * PAGE).putInt(0, HEADER + 40 + MANY * PAGE);
        };
    }

    /** A burst through the device. */
    @Benchmark
    @OperationsPerInvocation(PreparedRing.BURST)
    public void burst() {
        ring.offer();
        device.notifyQueue(REQUESTS);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + device.counters(REQUESTS));
        }
    }

    /** Looks whether all was done as it should be. */
    @TearDown
    public void stop() throws IOException {
        boolean answered = true;
        for (int chain = 0; chain < PreparedRing.BURST; chain++) {
            long reply = ring.buffer(chain, 1 + work.pagesIn);
            answered &= region.segment().get(ValueLayout.JAVA_INT, reply) == REPLY + work.out + work.pagesOut * PAGE
                    && region.segment().get(ValueLayout.JAVA_INT, reply + 4) == 0;
        }
        long errors = fs.counters().get(FsCounter.ERRORS);
        device.close();
        fs.close();
        region.close();
        if (!answered || errors > 0) {
            throw new IllegalStateException("the device did not do its work: " + fs.counters());
        }
    }
}
