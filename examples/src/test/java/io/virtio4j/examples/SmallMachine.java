// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.PciPort;
import java.util.ArrayList;
import java.util.List;

/** As little of a machine as the examples need: a memory map, and a probe for interrupts. */
final class SmallMachine implements EmbedMachine {

    private record Mapping(long address, long length, Load load, Store store) {

        boolean contains(long at) {
            return Long.compareUnsigned(at - address, length) < 0;
        }
    }

    final GuestRam ram = GuestRam.allocate();
    final InterruptProbe interrupts = new InterruptProbe();
    String commandLine = "quiet";
    private final List<Mapping> mappings = new ArrayList<>();
    private Mapping others = new Mapping(0, -1, (address, width) -> -1, (address, width, value) -> {});

    @Override
    public GuestMemory memory() {
        return ram.memory();
    }

    @Override
    public void map(long address, long length, Load load, Store store) {
        mappings.add(new Mapping(address, length, load, store));
    }

    @Override
    public void mapOthers(Load load, Store store) {
        others = new Mapping(0, -1, load, store);
    }

    @Override
    public void interrupt(int line, boolean asserted) {
        interrupts.level(line == 5 ? 0 : PciPort.INTX, asserted);
    }

    @Override
    public void message(long address, int data) {
        interrupts.raise(data);
    }

    @Override
    public void appendToCommandLine(String parameter) {
        commandLine += " " + parameter;
    }

    private Mapping at(long address) {
        return mappings.stream().filter(one -> one.contains(address)).findFirst().orElse(others);
    }

    long load(long address, int width) {
        Mapping mapping = at(address);
        return mapping.load.load(address - mapping.address, width);
    }

    void store(long address, int width, long value) {
        Mapping mapping = at(address);
        mapping.store.store(address - mapping.address, width, value);
    }
}
