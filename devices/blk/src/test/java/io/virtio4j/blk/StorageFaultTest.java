// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.blk.Disk.Range;
import io.virtio4j.blk.FaultyBackend.Call;
import io.virtio4j.blk.FaultyBackend.Fault;
import io.virtio4j.testkit.Submitted;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kind of request, with every fault, at the first, a middle and the last call: the right status, nothing
 * of the host in the driver's memory, no lie on a later flush, and the device goes on.
 */
class StorageFaultTest {

    /** A request that takes several calls. */
    private enum Request {
        READ(Call.READ, 4) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.read(0, 4 * SLICE);
            }
        },
        WRITE(Call.WRITE, 4) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.write(0, Disk.pattern(2, 4 * SLICE));
            }
        },
        ZERO(Call.ZERO, 3) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.ranges(Disk.WRITE_ZEROES, THREE);
            }
        },
        DISCARD(Call.DISCARD, 3) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.ranges(Disk.DISCARD, THREE);
            }
        },
        ERASE(Call.ERASE, 3) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.ranges(Disk.SECURE_ERASE, THREE);
            }
        },
        FLUSH(Call.FORCE, 1) {
            @Override
            Disk.Reply send(Disk disk) {
                return disk.flush();
            }
        };

        private static final int SLICE = 64 << 10;
        private static final Range[] THREE = {new Range(0, 8, 0), new Range(16, 8, 0), new Range(32, 8, 0)};

        private final Call call;
        private final int calls;

        Request(Call call, int calls) {
            this.call = call;
            this.calls = calls;
        }

        abstract Disk.Reply send(Disk disk);
    }

    private static final List<String> MESSAGES = List.of("Input/output error", "No space left on device",
            "Disk quota exceeded", "File too large", "Interrupted system call");

    private record Named(String name, Fault fault) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> faults() {
        List<Named> faults = new ArrayList<>();
        for (String message : MESSAGES) {
            faults.add(new Named(message, Fault.error(message)));
            faults.add(new Named("half, " + message, Fault.errorHalfway(message)));
        }
        faults.add(new Named("short", Fault.shortTransfer()));
        faults.add(new Named("bug", Fault.bug("null pointer or so")));
        return Stream.of(Request.values()).flatMap(request -> faults.stream()
                // A force of which half was done cannot be told from one that was done.
                .filter(fault -> request != Request.FLUSH || !fault.name.equals("short"))
                // Half of a range is a legal answer: the device asks for the rest.
                .filter(fault -> !isRange(request) || !fault.name.equals("short"))
                .flatMap(fault -> Stream.of(1, (request.calls + 1) / 2, request.calls).distinct()
                        .flatMap(nth -> Stream.of(false, true)
                                .map(async -> Arguments.of(request, fault, nth, async)))));
    }

    private static boolean isRange(Request request) {
        return request == Request.ZERO || request == Request.DISCARD || request == Request.ERASE;
    }

    /** Durable, and transfers at most 64 KiB per call. */
    private static final class Slow extends RecordedStorage.TestBackend {
        private final MemoryBackend memory = new MemoryBackend(1 << 20);

        Slow() {
            super(1 << 20);
        }

        @Override
        public void read(long offset, ByteBuf target) throws IOException {
            memory.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuf source) throws IOException {
            memory.write(offset, source);
        }

        @Override
        public void force() {}

        @Override
        public boolean canDeallocate() {
            return true;
        }

        @Override
        public int gatherBelow() {
            return Integer.MAX_VALUE; // through the device's buffer of 64 KiB
        }
    }

    @ParameterizedTest(name = "{0} {1} call={2} async={3}")
    @MethodSource("faults")
    void is_answered_and_survived(Request request, Named fault, int nth, boolean async) {
        FaultyBackend backend = new FaultyBackend(new Slow());
        List<BlockFault> reported = new ArrayList<>();
        BlockDeviceBuilder builder = async
                ? BlockDevice.of(AsyncBlockBackend.of(backend, Runnable::run))
                : BlockDevice.of(backend);
        BlockDevice device = builder.secureErase(RangeLimits.DEFAULT).onFault(reported::add)
                .forceThread(Runnable::run).build();
        // An asynchronous backend gets all data of a request in one call.
        int at = async && (request == Request.READ || request == Request.WRITE) ? 1 : nth;
        backend.inject(request.call, at, fault.fault);
        try (Disk disk = Disk.of(device)) {
            Disk.Reply failed = request.send(disk);

            assertEquals(Disk.IOERR, failed.status());
            assertEquals(1, failed.usedLength());
            assertEquals(1, reported.size());
            if (request == Request.READ) {
                assertNothingOfTheHost(failed.data());
            }
            assertServes(disk);
            assertEquals(request == Request.FLUSH ? Disk.IOERR : Disk.OK, disk.flush().status());
        }
    }

    /** Zeroes of the disk, or what the driver had there. */
    private static void assertNothingOfTheHost(byte[] data) {
        for (byte b : data) {
            assertTrue(b == 0 || b == Submitted.UNTOUCHED, "byte=" + b);
        }
    }

    private static void assertServes(Disk disk) {
        byte[] data = Disk.pattern(3, 4096);
        assertEquals(Disk.OK, disk.write(1000, data).status());
        assertArrayEquals(data, disk.read(1000, 4096).data());
    }
}
