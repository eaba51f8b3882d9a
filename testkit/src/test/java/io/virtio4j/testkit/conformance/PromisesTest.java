// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromisesTest {

    private final Ledger ledger = Ledger.of(LedgerTest.DEVICE, LedgerTest.HOSTILE);

    @Test
    void the_shipped_promises_fit_the_shipped_ledger() {
        Promises.of(Ledger.resource("complete.txt"), Ledger.shipped());
    }

    @Test
    void each_line_promises_one_module() {
        assertEquals(
                new Promises(Set.of("core", "disk"), Set.of("core")),
                Promises.of("must core\nmust disk\nhostile core\n", ledger));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "must",
        "must moon",
        "hostile moon",
        "should core",
        "must core disk",
        "must n/a: nothing spins here"
    })
    void any_other_line_is_refused(String line) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Promises.of(line, ledger));

        assertEquals("complete.txt: \"" + line + "\" is no promise: write \"must MODULE\" or"
                + " \"hostile MODULE\", once, with a module of the ledger.", refused.getMessage());
    }

    @Test
    void a_promise_made_twice_is_refused() {
        String twice = "must core\nmust core\n";

        assertThrows(IllegalArgumentException.class, () -> Promises.of(twice, ledger));
    }
}
