// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [Notification structure layout], [Available Buffer Notifications] */
class NotificationStructureTest {

    private static PciLayout layout(int multiplier) {
        return PciLayout.builder()
                .bar(0, BarType.IO)
                .bar(1, BarType.MEMORY_32)
                .bar(4, BarType.MEMORY_64)
                .place(PciStructure.PORT_NOTIFY, 0)
                .place(PciStructure.MSIX_TABLE, 1)
                .place(PciStructure.MSIX_PBA, 1)
                .place(PciStructure.COMMON, 4)
                .place(PciStructure.ISR, 4)
                .place(PciStructure.DEVICE, 4)
                .place(PciStructure.NOTIFY, 4)
                .notifyMultiplier(multiplier)
                .build();
    }

    private static Machine machine(int multiplier, boolean withData) {
        return new Machine(new LoopDevice(8, List.of(8, 8, 8)),
                from -> from.layout(layout(multiplier)).notifyValues(0x1111, 0x2222, 0x0000),
                from -> withData ? from : from.withhold(CoreFeature.NOTIFICATION_DATA));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 8, 4096, 0x1_0000})
    @Normative({"PCI-29", "PCI-30", "PCI-31", "PCI-32"})
    void capability_holds_all_queues_without_notification_data(int multiplier) {
        try (Machine machine = machine(multiplier, false)) {
            capability(machine, multiplier, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 8, 4096, 0x1_0000})
    @Normative({"PCI-33", "PCI-34", "PCI-35", "PCI-36"})
    void capability_holds_all_queues_with_notification_data(int multiplier) {
        try (Machine machine = machine(multiplier, true)) {
            capability(machine, multiplier, 4);
        }
    }

    private static void capability(Machine machine, int multiplier, int width) {
        machine.enable();
        int at = machine.virtioCapabilities(VirtioCapability.NOTIFY_CFG).getLast();
        assertEquals(multiplier, machine.config(at + 16, 4));
        assertEquals(0, machine.config(at + 8, 4) % width);
        for (int queue = 0; queue < 3; queue++) {
            long off = machine.common(queue, CommonField.QUEUE_NOTIFY_OFF);
            assertTrue(machine.config(at + 12, 4) >= off * multiplier + width);
        }
    }

    @Test
    @Normative({"PCI-30", "PCI-33"})
    void multipliers_that_cannot_be_are_refused() {
        for (int multiplier : new int[] {1, 3, 5, 6, 12, -4, Integer.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> layout(multiplier));
        }
        assertThrows(IllegalArgumentException.class, () -> machine(2, true));
    }

    @Test
    @Normative({"PCI-29", "PCI-34"})
    void notify_structure_is_aligned_whatever_the_layout_says() {
        for (long offset = 1; offset < 4; offset++) {
            PciLayout.Builder odd = PciLayout.builder().bar(0, BarType.MEMORY_32)
                    .place(PciStructure.COMMON, 0).place(PciStructure.ISR, 0)
                    .place(PciStructure.DEVICE, 0).place(PciStructure.MSIX_TABLE, 0)
                    .place(PciStructure.MSIX_PBA, 0)
                    .place(PciStructure.NOTIFY, 0, 0x8000 + offset);
            assertThrows(IllegalArgumentException.class,
                    () -> new Machine(new LoopDevice(), from -> from.layout(odd.build())));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 4096})
    void address_says_which_queue(int multiplier) {
        try (Machine machine = machine(multiplier, false).enable()) {
            start(machine);
            for (int queue = 0; queue < 3; queue++) {
                HandRing ring = machine.ring(queue);
                ring.add(7);
                machine.write(4, Machine.NOTIFY + (long) queue * multiplier, 2, queue);
                assertEquals(1, ring.used());
            }
        }
    }

    private static void start(Machine machine, CoreFeature... features) {
        machine.negotiate(features);
        for (int queue = 0; queue < 3; queue++) {
            machine.ready(queue);
        }
        machine.status(Machine.RUNNING);
    }

    @Test
    void doorbells_are_where_queue_notify_off_says() {
        try (Machine machine = machine(4096, true).enable()) {
            List<Doorbell> doorbells = machine.pci.doorbells();

            assertEquals(3, doorbells.size());
            for (Doorbell doorbell : doorbells) {
                long off = machine.common(doorbell.queue(), CommonField.QUEUE_NOTIFY_OFF);
                assertEquals(new Doorbell(doorbell.queue(), 4, Machine.NOTIFY + off * 4096), doorbell);
            }
        }
        try (Machine machine = machine(0, true)) {
            assertEquals(List.of(), machine.pci.doorbells());
        }
    }

    @Test
    void value_says_which_queue_where_all_share_an_address() {
        try (Machine machine = machine(0, true).enable()) {
            start(machine);
            for (int queue = 0; queue < 3; queue++) {
                machine.ring(queue).add(7);
                machine.write(4, Machine.NOTIFY + 2, 2, queue);
                assertEquals(0, machine.ring(queue).used(), "not the address");
                machine.write(queue == 1 ? 0 : 4, queue == 1 ? 0 : Machine.NOTIFY, 2, queue);
                assertEquals(1, machine.ring(queue).used());
            }
        }
    }

    @Test
    void supplied_value_says_which_queue_with_notif_config_data() {
        try (Machine machine = machine(0, true).enable()) {
            start(machine, CoreFeature.NOTIF_CONFIG_DATA);
            for (int queue = 0; queue < 3; queue++) {
                machine.ring(queue).add(7);
                machine.write(4, Machine.NOTIFY, 2, queue == 0 ? 0x2223 : queue); // nobody, or queue 2
            }
            assertEquals(0, machine.ring(0).used());
            assertEquals(0, machine.ring(1).used());
            for (int queue = 0; queue < 3; queue++) {
                long value = machine.common(queue, CommonField.QUEUE_NOTIF_CONFIG_DATA);
                machine.write(4, Machine.NOTIFY, 2, value);
                assertEquals(1, machine.ring(queue).used());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void notification_data_is_understood(int multiplier) {
        try (Machine machine = machine(multiplier, true).enable()) {
            start(machine, CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA);
            for (int queue = 0; queue < 3; queue++) {
                machine.ring(queue).add(7);
                long value = machine.common(queue, CommonField.QUEUE_NOTIF_CONFIG_DATA);
                machine.write(4, Machine.NOTIFY + (long) queue * multiplier, 4, value | 1L << 16);
                assertEquals(1, machine.ring(queue).used());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @HostileCase("PC-6")
    void notifications_of_another_width_or_between_addresses_are_ignored(boolean data) {
        try (Machine machine = machine(8, true).enable()) {
            start(machine, data ? new CoreFeature[] {CoreFeature.NOTIFICATION_DATA} : new CoreFeature[0]);
            machine.ring(0).add(1);
            machine.ring(1).add(1);
            machine.ring(2).add(1);
            int right = data ? 4 : 2;
            long cases = 0;
            for (long offset = -2; offset < 30; offset++) {
                for (int width : new int[] {1, 2, 3, 4, 8}) {
                    boolean doorbell = width == right && offset % 8 == 0 && offset >= 0 && offset < 24;
                    if (!doorbell) {
                        machine.write(4, Machine.NOTIFY + offset, width, 0);
                        machine.read(4, Machine.NOTIFY + offset, width);
                        cases++;
                    }
                }
            }
            HostileCases.count("PC-6", cases);
            assertEquals(0, machine.loop.served);
            machine.write(4, Machine.NOTIFY, right, 0);
            assertEquals(1, machine.loop.served);
        }
    }

    @Test
    void values_have_to_be_told_apart() {
        assertThrows(IllegalArgumentException.class, () -> new NotifyValues(2, new int[] {1}));
        assertThrows(IllegalArgumentException.class, () -> new NotifyValues(2, new int[] {1, 1}));
        assertThrows(IllegalArgumentException.class, () -> new NotifyValues(2, new int[] {1, 0x1_0000}));
        assertThrows(IllegalArgumentException.class, () -> new NotifyValues(2, new int[] {-1, 1}));
    }

    @Test
    void notification_before_driver_ok_is_ignored() {
        try (Machine machine = Machine.enabled()) {
            machine.negotiate();
            HandRing ring = machine.ready(0);
            ring.add(1);
            machine.notifyQueue(0);
            assertEquals(0, ring.used());
        }
    }
}
