// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.I2cTarget;
import io.virtio4j.i2c.simulated.SimulatedBus;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The SMBus protocols, as Linux makes them of I2C messages. */
class SmbusTest {

    private static final int TARGET = 0x2C;
    private static final int BLOCK = 0x80;

    /** Registers of two bytes; from BLOCK on, blocks with their length in front. Keeps an error code. */
    private static final class Registers implements I2cTarget {

        private final int[][] words = new int[256][];
        private final List<Integer> received = new ArrayList<>();
        private int readAt;
        private boolean quick;

        @Override
        public boolean start(boolean read) {
            quick = true;
            readAt = 0;
            if (!read) {
                received.clear();
            }
            return true;
        }

        @Override
        public boolean write(int data) {
            quick = false;
            received.add(data);
            return true;
        }

        @Override
        public int read() {
            quick = false;
            int[] content = words[received.isEmpty() ? 0 : received.getFirst()];
            return content == null || readAt >= content.length ? 0 : content[readAt++];
        }

        @Override
        public void stop() {
            if (received.size() > 1) {
                words[received.getFirst()] =
                        received.subList(1, received.size()).stream().mapToInt(Integer::intValue).toArray();
            }
        }
    }

    private final SimulatedBus bus = new SimulatedBus();
    private final Registers registers = bus.attach(TARGET, new Registers());
    private final I2cRig rig = I2cRig.of(bus);

    @AfterEach
    void end() {
        rig.close();
    }

    @Test
    void quick_is_a_message_of_length_0_in_either_direction() {
        assertEquals(OK, rig.write(TARGET));
        assertTrue(registers.quick);
        assertEquals(OK, rig.sendRead(addr(TARGET), 0, 0).status());
        assertTrue(registers.quick);
        assertEquals(ERR, rig.write(TARGET + 1));
        assertEquals(ERR, rig.sendRead(addr(TARGET + 1), 0, 0).status());
    }

    @Test
    void bytes_are_sent_and_received() {
        registers.words[0x12] = new int[] {0x34};

        assertEquals(OK, rig.write(TARGET, 0x12));
        assertArrayEquals(new byte[] {0x34}, rig.read(TARGET, 1));
    }

    @Test
    void byte_and_word_data_are_behind_a_command() {
        assertEquals(OK, rig.write(TARGET, 1, 0x55));
        assertArrayEquals(new byte[] {0x55}, rig.read(TARGET, 1, 1));
        assertEquals(OK, rig.write(TARGET, 2, 0x34, 0x12));
        assertArrayEquals(new byte[] {0x34, 0x12}, rig.read(TARGET, 2, 2));
    }

    @Test
    void a_process_call_writes_and_reads_a_word() {
        registers.words[3] = new int[] {1, 2};
        Sent write = rig.addWrite(addr(TARGET), FAIL_NEXT, 3, 0x78, 0x56);
        Sent read = rig.addRead(addr(TARGET), 0, 2);
        rig.publish();

        assertArrayEquals(new byte[] {1, 2}, read.data());
        assertEquals(OK, write.status());
    }

    @Test
    void blocks_have_their_length_in_front() {
        int[] write = new int[34];
        write[0] = BLOCK;
        write[1] = 32;
        byte[] expected = new byte[33];
        expected[0] = 32;
        for (int i = 0; i < 32; i++) {
            write[2 + i] = 100 + i;
            expected[1 + i] = (byte) (100 + i);
        }

        assertEquals(OK, rig.write(TARGET, write));
        assertArrayEquals(expected, rig.read(TARGET, BLOCK, 33));
    }

    @Test
    void i2c_blocks_have_not() {
        assertEquals(OK, rig.write(TARGET, 4, 1, 2, 3, 4, 5));
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, rig.read(TARGET, 4, 5));
    }
}
