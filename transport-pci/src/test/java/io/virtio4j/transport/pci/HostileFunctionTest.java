// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random accesses of all kinds: none throws, and after a reset the function is as good as new. */
class HostileFunctionTest {

    private static final int ACCESSES = 21_000;

    private static final List<String> CASES = List.of("PC-1", "PC-2", "PC-3", "PC-4", "PC-5", "PC-6", "PC-7");

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @HostileCase({"PC-1", "PC-2", "PC-3", "PC-4", "PC-5", "PC-6", "PC-7"})
    void function_survives_any_driver(long seed) {
        Attacker attacker = new Attacker(seed);
        attacker.run();
        CASES.forEach(id -> HostileCases.count(id, ACCESSES / CASES.size()));
        attacker.end();
    }

    private static final class Attacker {

        private final SplittableRandom random;
        private final Machine machine = Machine.running();
        private final int window = machine.virtioCapability(VirtioCapability.PCI_CFG);

        Attacker(long seed) {
            random = new SplittableRandom(seed);
        }

        void run() {
            for (int i = 0; i < ACCESSES; i++) {
                switch (random.nextInt(16)) {
                    case 0, 1, 2 -> common();
                    case 3, 4 -> bar(random.nextInt(-1, 8));
                    case 5, 6 -> aimedWindow();
                    case 7 -> machine.config(random.nextInt(), width(), random.nextLong());
                    case 8, 9 -> machine.config(random.nextInt(256), width(), value());
                    case 10 -> machine.config(random.nextInt(256), width());
                    case 11 -> machine.notifyQueue(random.nextInt(4));
                    case 12 -> machine.loop.change(i);
                    case 13 -> bus();
                    case 14 -> host();
                    default -> rebuild();
                }
            }
        }

        private int width() {
            return random.nextInt(4) == 0 ? random.nextInt(-1, 17) : 1 << random.nextInt(4);
        }

        private long value() {
            return switch (random.nextInt(4)) {
                case 0 -> random.nextLong();
                case 1 -> random.nextInt(8);
                case 2 -> -1;
                default -> 1L << random.nextInt(64);
            };
        }

        private void common() {
            CommonField field = CommonField.values()[random.nextInt(CommonField.values().length)];
            machine.common(field, value());
            machine.common(field);
        }

        private void bar(int bar) {
            long offset = random.nextBoolean() ? random.nextInt(0x4010) : value();
            machine.write(bar, offset, width(), value());
            machine.read(bar, offset, width());
        }

        private void aimedWindow() {
            machine.config(window + 4, 1, random.nextInt(8));
            machine.config(window + 8, 4, random.nextBoolean() ? random.nextInt(0x4010) : value());
            machine.config(window + 12, 4, random.nextInt(9));
            machine.config(window + 16 + random.nextInt(4), width(), value());
            machine.config(window + 16, width());
        }

        private void bus() {
            long address = random.nextBoolean() ? 0x80_0000_0000L + random.nextInt(0x4000) : value();
            machine.bus.writeMemory(address, width(), value());
            machine.bus.readMemory(address, width());
            machine.bus.writeEcam(value(), width(), value());
            machine.bus.readEcam(value(), width());
            machine.bus.writePort(random.nextInt(0xCF0, 0xD10), width(), value());
            machine.bus.readPort(random.nextInt(0xCF0, 0xD10), width());
        }

        private void host() {
            machine.loop.keeps = random.nextBoolean();
            machine.loop.release();
        }

        private void rebuild() {
            machine.enable();
            if (random.nextBoolean()) {
                machine.enableMsix();
            }
            if (random.nextInt(4) == 0) {
                machine.status(0);
            }
        }

        void end() {
            machine.loop.release();
            machine.loop.keeps = false;
            machine.pci.reset();
            assertEquals(0, machine.device.status());
            machine.interrupts.takeMessages();
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 1);
            machine.exchange(1, 2);
            assertEquals(List.of(1, 2), machine.interrupts.takeVectors());
            // Rings may have lain anywhere, so that memory cannot be checked.
            machine.device.close();
            machine.ram.close();
        }
    }
}
