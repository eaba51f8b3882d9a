// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class HostileCasesTest {

    @Test
    void without_a_test_nothing_is_counted() {
        HostileCases.end();

        HostileCases.count("RL-1", 5);

        assertEquals(Map.of(), HostileCases.end());
    }

    @Test
    void a_negative_number_is_refused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> HostileCases.count("RL-1", -1));

        assertEquals("number of cases is negative: id=RL-1 cases=-1", refused.getMessage());
    }
}
