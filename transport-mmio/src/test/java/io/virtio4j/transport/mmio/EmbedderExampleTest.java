// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

/** A whole machine with one device, as docs/transport-mmio.md shows it. */
class EmbedderExampleTest {

    interface InterruptController {
        void set(int interrupt, boolean asserted);
    }

    // tag::mmio[]
    static final class Board implements AutoCloseable {
        private final DeviceInstance device;
        private final MmioTransport mmio;
        private final MmioWindow window;

        Board(GuestMemory memory, VirtioDevice virtio, InterruptController interrupts) {
            device = DeviceInstance.of(virtio)
                    .memory(memory)
                    .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()))
                    .build();
            mmio = new MmioTransport(device, MmioInterrupt.level(asserted -> interrupts.set(5, asserted)));
            window = mmio.window(0xd000_0000L, 5);
        }

        /** A virtual CPU loads from an address that is not memory. */
        long load(long address, int width) {
            return window.contains(address) ? mmio.read(address - window.base(), width) : 0;
        }

        /** A virtual CPU stores to an address that is not memory. */
        void store(long address, int width, long value) {
            if (window.contains(address)) {
                mmio.write(address - window.base(), width, value);
            }
        }

        String kernelCommandLine() {
            return "console=ttyS0 " + window.kernelParameter();
        }

        @Override
        public void close() {
            device.close();
        }
    }
    // end::mmio[]

    @Test
    void the_board_has_a_device() {
        BitSet interrupts = new BitSet();
        LoopDevice loop = new LoopDevice();
        try (GuestMemory memory = GuestMemory.allocate(1 << 20);
                Board board = new Board(memory, loop, interrupts::set)) {
            assertEquals("console=ttyS0 virtio_mmio.device=512@0xd0000000:5", board.kernelCommandLine());
            assertEquals(0x74726976, board.load(0xd000_0000L, 4));
            assertEquals(LoopDevice.TYPE.id(), board.load(0xd000_0008L, 4));
            assertEquals(0, board.load(0xd000_0200L, 4));
            board.store(0xd000_0070L, 4, Machine.BEGUN);
            board.store(0xd000_0024L, 4, 1);
            board.store(0xd000_0020L, 4, 1);
            board.store(0xd000_0070L, 4, Machine.AGREED);
            board.store(0xd000_0070L, 4, Machine.RUNNING);
            assertEquals(Machine.RUNNING, board.load(0xd000_0070L, 4));

            loop.config.update(bytes -> LoopDevice.COUNTER.set(bytes, 0, 1));
            assertEquals(true, interrupts.get(5));
            board.store(0xd000_0064L, 4, 2);
            assertEquals(false, interrupts.get(5));
        }
    }
}
