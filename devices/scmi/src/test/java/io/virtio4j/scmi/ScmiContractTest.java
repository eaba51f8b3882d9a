// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.TestDriver;
import java.util.Arrays;

/** What holds for every device, by commands of several protocols. */
class ScmiContractTest extends DeviceContract {

    /** Each can be done again and again, by hostile drivers too. */
    private static final long[][] COMMANDS = {
        {Board.CLOCK, 0x5, 0x8, 0, 7_000_000, 0},
        {Board.SENSOR, 0x4, 0, 1},
        {Board.POWER, 0x4, 0, 0, 0x4000_0000L},
        {Board.PERFORMANCE, 0x3, 0},
    };

    @Override
    protected VirtioDevice device() {
        return new BoardHardware().device;
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue == Board.EVENTS;
    }

    @Override
    protected void prepare(TestDriver driver) {
        DriverQueue events = driver.queue(Board.EVENTS).mayKeepBuffers();
        for (int i = 0; i < 2; i++) {
            events.submit(new byte[0], 32);
        }
    }

    @Override
    protected Request request(int number) {
        long[] command = COMMANDS[number % COMMANDS.length];
        int header = Message.command((int) command[0], (int) command[1], number);
        long[] words = Arrays.copyOfRange(command, 2, command.length);
        // Without P2A_CHANNELS, nobody can subscribe.
        boolean subscribes = command[0] == Board.SENSOR;
        return new Request(Board.COMMANDS, Message.of(header, words), 60, done -> {
            Message response = Message.parse(done.written());
            assertEquals(header, response.header());
            if (!subscribes || response.status() != -1) {
                assertEquals(0, response.status());
            }
        });
    }
}
