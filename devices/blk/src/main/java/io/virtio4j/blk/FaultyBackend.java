// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes another backend fail, to see what becomes of it.
 *
 * <pre>{@code
 * FaultyBackend faulty = new FaultyBackend(backend)
 *         .inject(Call.WRITE, 3, Fault.error("No space left on device"))
 *         .inject(Call.FORCE, 1, Fault.error("Input/output error"));
 * }</pre>
 */
public final class FaultyBackend implements BlockBackend {

    /** A kind of call. */
    public enum Call {
        /** {@link BlockBackend#read}. */
        READ,
        /** {@link BlockBackend#write}. */
        WRITE,
        /** {@link BlockBackend#force}. */
        FORCE,
        /** {@link BlockBackend#zero}. */
        ZERO,
        /** {@link BlockBackend#discard}. */
        DISCARD,
        /** {@link BlockBackend#erase}. */
        ERASE
    }

    /** A call that a fault decides about. */
    public interface Transfer {

        /** Does what the caller asked for. */
        void all() throws IOException;

        /** Does half of it; of a force, nothing. */
        void half() throws IOException;
    }

    /** What happens instead of a call. */
    @FunctionalInterface
    public interface Fault {

        /** Called on the caller's thread; what it throws is what the caller gets. */
        void apply(Transfer transfer) throws IOException;

        /**
         * Fails without doing anything, with what the host's system says: {@code Input/output error}, {@code No
         * space left on device}, {@code Disk quota exceeded}, {@code File too large} ...
         */
        static Fault error(String message) {
            return transfer -> {
                throw new IOException(message);
            };
        }

        /** Does half of it, and fails. */
        static Fault errorHalfway(String message) {
            return transfer -> {
                transfer.half();
                throw new IOException(message);
            };
        }

        /** Does half of it and says nothing, which no backend may do. */
        static Fault shortTransfer() {
            return Transfer::half;
        }

        /** Throws what no backend should: an exception of the program. */
        static Fault bug(String message) {
            return transfer -> {
                throw new IllegalStateException(message);
            };
        }

        /** Waits, and then does all of it. */
        static Fault delay(Duration time) {
            return transfer -> {
                LockSupport.parkNanos(time.toNanos());
                transfer.all();
            };
        }

        /** Waits until the latch is open, and then does all of it: storage that hangs. */
        static Fault hang(CountDownLatch until) {
            return transfer -> {
                awaitUninterruptibly(until);
                transfer.all();
            };
        }
    }

    private record Injection(Call call, int from, int to, Fault fault) {}

    private final BlockBackend base;
    private final List<Injection> injections = new ArrayList<>();
    private final int[] calls = new int[Call.values().length];

    /**
     * Passes everything on until faults are injected.
     *
     * @param base closed with this one
     */
    public FaultyBackend(BlockBackend base) {
        this.base = base;
    }

    /** Makes one call fail: the {@code nth} of its kind, from 1, counted since this backend was made. */
    public FaultyBackend inject(Call call, int nth, Fault fault) {
        return inject(call, nth, nth, fault);
    }

    /** Makes all calls of a kind fail from now on. */
    public FaultyBackend injectAlways(Call call, Fault fault) {
        return inject(call, calls(call) + 1, Integer.MAX_VALUE, fault);
    }

    private synchronized FaultyBackend inject(Call call, int from, int to, Fault fault) {
        injections.addFirst(new Injection(call, from, to, fault));
        return this;
    }

    /** Makes nothing fail any more; what hangs goes on hanging. */
    public synchronized FaultyBackend heal() {
        injections.clear();
        return this;
    }

    /** How many calls of a kind there were. */
    public synchronized int calls(Call call) {
        return calls[call.ordinal()];
    }

    private void run(Call call, Transfer transfer) throws IOException {
        Fault fault;
        synchronized (this) {
            int nth = ++calls[call.ordinal()];
            fault = injections.stream()
                    .filter(injection -> injection.call == call && injection.from <= nth
                            && nth <= injection.to)
                    .map(Injection::fault)
                    .findFirst().orElse(Transfer::all);
        }
        fault.apply(transfer);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ── Calls ──────────────────────────────────────────────────────────────

    /** Half of a length, in sectors. */
    private static int half(long length) {
        return (int) Math.min(length / 2, 1 << 30) & -BlockDevice.SECTOR;
    }

    @Override
    public void read(long offset, ByteBuf target) throws IOException {
        run(Call.READ, new Transfer() {
            @Override
            public void all() throws IOException {
                base.read(offset, target);
            }

            @Override
            public void half() throws IOException {
                int length = FaultyBackend.half(target.writableBytes());
                ByteBuf part = target.slice(target.writerIndex(), length).writerIndex(0);
                base.read(offset, part);
                target.writerIndex(target.writerIndex() + length);
            }
        });
    }

    @Override
    public void write(long offset, ByteBuf source) throws IOException {
        run(Call.WRITE, new Transfer() {
            @Override
            public void all() throws IOException {
                base.write(offset, source);
            }

            @Override
            public void half() throws IOException {
                base.write(offset, source.readSlice(FaultyBackend.half(source.readableBytes())));
            }
        });
    }

    @Override
    public void force() throws IOException {
        run(Call.FORCE, new Transfer() {
            @Override
            public void all() throws IOException {
                base.force();
            }

            @Override
            public void half() {}
        });
    }

    /** A range call of the base. */
    private interface Part {
        long run(long length) throws IOException;
    }

    private long runPart(Call call, long length, Part part) throws IOException {
        long[] dealt = new long[1];
        run(call, new Transfer() {
            @Override
            public void all() throws IOException {
                dealt[0] = part.run(length);
            }

            @Override
            public void half() throws IOException {
                int half = FaultyBackend.half(length);
                dealt[0] = half == 0 ? 0 : part.run(half);
            }
        });
        return dealt[0];
    }

    @Override
    public long zero(long offset, long length, boolean mayUnmap) throws IOException {
        return runPart(Call.ZERO, length, count -> base.zero(offset, count, mayUnmap));
    }

    @Override
    public long discard(long offset, long length) throws IOException {
        return runPart(Call.DISCARD, length, count -> base.discard(offset, count));
    }

    @Override
    public long erase(long offset, long length) throws IOException {
        return runPart(Call.ERASE, length, count -> base.erase(offset, count));
    }

    // ── What the base says about itself ────────────────────────────────────

    @Override
    public long size() {
        return base.size();
    }

    @Override
    public boolean isDurable() {
        return base.isDurable();
    }

    @Override
    public boolean isReadOnly() {
        return base.isReadOnly();
    }

    @Override
    public boolean canDeallocate() {
        return base.canDeallocate();
    }

    @Override
    public int gatherBelow() {
        return base.gatherBelow();
    }

    @Override
    public void close() throws IOException {
        base.close();
    }
}
