// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DeviceContract;

/** What holds for every device, by messages. */
class RequestContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return new GpioDevice(SimulatedBoard.of("button", "led", "", "reset"));
    }

    /** Each message is of a line of its own: what others did to other lines does not matter. */
    @Override
    protected Request request(int number) {
        return switch (number % 5) {
            case 0 -> new Request(0, Pins.message(Pins.GET_LINE_NAMES, 0, 0), 19,
                    done -> assertEquals(19, done.usedLength()));
            case 1 -> ok(Pins.message(Pins.SET_DIRECTION, 0, Pins.IN));
            case 2 -> ok(Pins.message(Pins.SET_VALUE, 1, 1));
            case 3 -> ok(Pins.message(Pins.SET_DIRECTION, 1, Pins.OUT));
            default -> ok(Pins.message(Pins.SET_DIRECTION, 2, Pins.NONE));
        };
    }

    private static Request ok(byte[] message) {
        return new Request(0, message, 2, done -> assertArrayEquals(new byte[] {0, 0}, done.written()));
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue == 1;
    }
}
