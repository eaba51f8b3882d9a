// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A whole machine with one device, as docs/transport-pci.md shows it. */
class EmbedderExampleTest {

    /** What the machine has already. */
    interface InterruptController {

        void message(long address, int data);

        void line(int number, boolean asserted);
    }

    // tag::pci[]
    static final class Board implements AutoCloseable {
        private static final long ECAM = 0xB000_0000L;
        private final PciBus bus = new PciBus();
        private final DeviceInstance device;

        Board(GuestMemory memory, VirtioDevice virtio, InterruptController interrupts) {
            device = DeviceInstance.of(virtio)
                    .memory(memory)
                    .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()))
                    .build();
            bus.add(1, 0, PciTransport.of(device, new PciInterrupts() {
                @Override
                public void message(int vector, long address, int data) {
                    interrupts.message(address, data);
                }

                @Override
                public void intx(boolean asserted) {
                    interrupts.line(16, asserted);
                }
            }).build());
        }

        /** A virtual CPU loads from an address that is not memory. */
        long load(long address, int width) {
            return isEcam(address) ? bus.readEcam(address - ECAM, width) : bus.readMemory(address, width);
        }

        /** A virtual CPU stores to an address that is not memory. */
        void store(long address, int width, long value) {
            if (isEcam(address)) {
                bus.writeEcam(address - ECAM, width, value);
            } else {
                bus.writeMemory(address, width, value);
            }
        }

        private static boolean isEcam(long address) {
            return address >= ECAM && address < ECAM + (1 << 20);
        }

        @Override
        public void close() {
            device.close();
        }
    }
    // end::pci[]

    @Test
    void the_board_has_a_device() {
        List<Boolean> line = new ArrayList<>();
        LoopDevice loop = new LoopDevice();
        InterruptController controller = new InterruptController() {
            @Override
            public void message(long address, int data) {}

            @Override
            public void line(int number, boolean asserted) {
                line.add(asserted);
            }
        };
        long function = 0xB000_8000L;
        try (GuestMemory memory = GuestMemory.allocate(1 << 20);
                Board board = new Board(memory, loop, controller)) {
            assertEquals(0x107F_1AF4L, board.load(function, 4));
            assertEquals(0xFFFF_FFFFL, board.load(0xB000_0000L, 4));
            board.store(function + 0x20, 4, 0xC000_0000L);
            board.store(function + 0x04, 2, 0x0006);
            board.store(0xC000_0014L, 1, Machine.BEGUN);
            board.store(0xC000_0008L, 4, 1);
            board.store(0xC000_000CL, 4, 1);
            board.store(0xC000_0014L, 1, Machine.AGREED);
            board.store(0xC000_0014L, 1, Machine.RUNNING);
            assertEquals(Machine.RUNNING, board.load(0xC000_0014L, 1));

            loop.change(1);
            assertEquals(2, board.load(0xC000_1000L, 1));
            assertEquals(List.of(true, false), line);
        }
    }
}
