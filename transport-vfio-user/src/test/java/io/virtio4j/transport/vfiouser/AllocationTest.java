// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.transport.pci.BarType;
import io.virtio4j.transport.pci.PciBar;
import io.virtio4j.transport.pci.PciFunction;
import io.virtio4j.transport.pci.PciInterrupts;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a driver does all the time costs no garbage on the thread that serves it. */
class AllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int JVMS = 4;
    private static final int ROUNDS = 20;
    private static final int MEASURED = 2_000;

    /** A register that interrupts when it is written, and knows the thread that accesses it. */
    private static final class Register implements PciFunction {

        private final PciInterrupts interrupts;
        private long value;
        volatile long thread;

        Register(PciInterrupts interrupts) {
            this.interrupts = interrupts;
        }

        @Override
        public int configSize() {
            return 256;
        }

        @Override
        public long readConfig(int offset, int width) {
            return 0;
        }

        @Override
        public void writeConfig(int offset, int width, long newValue) {}

        @Override
        public List<PciBar> bars() {
            return List.of(new PciBar(0, BarType.MEMORY_64, 4096));
        }

        @Override
        public long readBar(int bar, long offset, int width) {
            thread = Thread.currentThread().threadId();
            return value;
        }

        @Override
        public void writeBar(int bar, long offset, int width, long newValue) {
            value = newValue;
            interrupts.message(0, 0, 0);
            interrupts.intx(true);
            interrupts.intx(false);
        }
    }

    /**
     * In a JVM whose profiles are those of a server. Now and then the compiler does not see through the JDK's
     * own linker, and every native call allocates for good; not in several JVMs one after the other.
     */
    @Test
    void reads_writes_and_interrupts_allocate_nothing() throws Exception {
        List<String> seen = new ArrayList<>();
        while (seen.size() < JVMS && !seen.contains("0")) {
            seen.addAll(OtherJvm.run(List.of(), AllocationTest.class));
        }

        assertEquals("0", seen.getLast(), () -> "bytes in " + MEASURED + " writes, reads and unmasks: " + seen);
    }

    /** Prints how much the thread that serves has allocated in the best of some rounds. */
    public static void main(String[] arguments) throws LinuxException {
        Register[] made = new Register[1];
        VfioUserServer server = VfioUserServer.of(to -> {
            made[0] = new Register(to);
            return new VfioUserFunction(made[0], new GuestMemory(), true, 1);
        }).build();
        Served.Connected connected = Served.connect(server);
        long least = Long.MAX_VALUE;
        try (Client client = connected.client().negotiate(); EventFd event = EventFd.create()) {
            client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.MSIX, 0, 1, event.descriptor());
            client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.INTX, 0, 1, event.descriptor());
            for (int round = 0; round < ROUNDS && least != 0; round++) {
                least = Math.min(least, allocatedBy(client, made[0]));
            }
        }
        server.close();
        System.out.println(least);
    }

    private static long allocatedBy(Client client, Register register) {
        client.read(0, 0, 4);
        long before = THREADS.getThreadAllocatedBytes(register.thread);
        for (int i = 0; i < MEASURED; i++) {
            client.write(0, 8, 4, i);
            assertEquals(i, client.read(0, 8, 8));
            client.setInterrupts(Wire.NONE | Wire.UNMASK, Wire.INTX, 0, 1);
        }
        client.read(0, 0, 4);
        return THREADS.getThreadAllocatedBytes(register.thread) - before;
    }
}
