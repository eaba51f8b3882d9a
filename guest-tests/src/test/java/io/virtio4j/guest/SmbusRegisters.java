// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.i2c.simulated.I2cTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A target that keeps whatever is written behind a command, and sends it back. It says the sum of what it
 * was asked as SMBus does (PEC), if it is asked for a byte more than it keeps.
 */
final class SmbusRegisters implements I2cTarget {

    private static final int POLYNOMIAL = 0x07;

    private final int address;
    private final TreeMap<Integer, List<Integer>> registers = new TreeMap<>();
    private final List<Integer> received = new ArrayList<>();
    private int command;
    private int readAt;
    private int sum;

    SmbusRegisters(int address) {
        this.address = address;
    }

    /** What was written behind a command; empty if nothing was. */
    synchronized List<Integer> register(int number) {
        return List.copyOf(registers.getOrDefault(number, List.of()));
    }

    @Override
    public synchronized boolean start(boolean read) {
        readAt = 0;
        if (!read) {
            received.clear();
            sum = 0;
        }
        sum = add(sum, address << 1 | (read ? 1 : 0));
        return true;
    }

    @Override
    public synchronized boolean write(int data) {
        if (received.isEmpty()) {
            command = data;
        }
        received.add(data);
        sum = add(sum, data);
        return true;
    }

    @Override
    public synchronized int read() {
        List<Integer> content = registers.getOrDefault(command, List.of());
        int at = readAt++;
        int data = at < content.size() ? content.get(at) : at == content.size() ? sum : 0xFF;
        sum = add(sum, data);
        return data;
    }

    @Override
    public synchronized void stop() {
        if (received.size() > 1) {
            registers.put(command, List.copyOf(received.subList(1, received.size())));
        }
        received.clear();
    }

    /** [System Management Bus, Packet Error Code] */
    private static int add(int sum, int data) {
        int value = sum ^ data;
        for (int bit = 0; bit < 8; bit++) {
            value = (value & 0x80) != 0 ? value << 1 ^ POLYNOMIAL : value << 1;
        }
        return value & 0xFF;
    }
}
