// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that are run by {@link CoverageListenerTest} alone; some of them fail, as they should. */
final class SampleTests {

    private SampleTests() {}

    static class Passing {
        @Test
        @DisplayName("it passes")
        @Normative("COR-8")
        void passes() {}
    }

    static class Untagged {
        @Test
        void passes() {}
    }

    static class Parameterized {
        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        @HostileCase("RL-1")
        void for_each(int value) {}
    }

    static class Counting {
        @ParameterizedTest
        @ValueSource(ints = {400, 600})
        @HostileCase({"RL-1", "RL-2"})
        void counts(int cases) {
            HostileCases.count("RL-1", cases - 1);
            HostileCases.count("RL-1", 1);
        }
    }

    static class CountingWrongId {
        @Test
        @HostileCase("RL-1")
        void counts() {
            HostileCases.count("RL-2", 1);
        }
    }

    static class Dynamic {
        @TestFactory
        @HostileCase("DC-1")
        Stream<DynamicNode> factory() {
            return Stream.of(
                    dynamicTest("one", () -> {}),
                    dynamicContainer("more", Stream.of(
                            dynamicTest("two", () -> {}), dynamicTest("three", () -> {}))));
        }
    }

    static class Unsuccessful {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        @Normative("COR-1")
        void fails_once(int value) {
            assertEquals(2, value);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        @Normative("COR-2")
        void aborts_once(int value) {
            assumeFalse(value == 1);
        }

        @Test
        @Disabled("as a sample")
        @Normative("COR-3")
        void never_runs() {}
    }

    @Normative("COR-9")
    abstract static class Contract {
        @Test
        @Normative("COR-8")
        void of_contract() {}
    }

    static class First extends Contract {}

    static class Second extends Contract {}

    abstract static class ContractWithNested {
        @Nested
        class Inner {
            @Test
            @Normative("COR-8")
            void nested_test() {}
        }
    }

    static class FirstWithNested extends ContractWithNested {}

    static class SecondWithNested extends ContractWithNested {}

    static class OwnNested {
        @Nested
        class Inside {
            @Test
            @Normative("COR-8")
            void nested_test() {}
        }
    }

    static class Slow {
        @Test
        @Tag("slow")
        @Normative("COR-1")
        void slow() {}

        @Test
        @Normative("COR-1")
        void quick() {}
    }

    static class UnknownOnMethod {
        @Test
        @Normative({"COR-1", "COR-999"})
        void test() {}
    }

    @HostileCase("ZZ-1")
    interface UnknownContract {
        @Test
        default void test() {}
    }

    static class UnknownInherited implements UnknownContract {}

    static class NotApplicable {
        @Test
        @Normative("BLK-5")
        void test() {}
    }
}
