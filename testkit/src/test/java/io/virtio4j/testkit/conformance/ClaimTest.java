// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ClaimTest {

    @Test
    void a_class_without_annotations_claims_nothing() throws NoSuchMethodException {
        assertEquals(List.of(), Claim.of(Plain.class));
        assertEquals(List.of(), Claim.of(Plain.class, Plain.class.getDeclaredMethod("test")));
    }

    @Test
    void a_class_claims_what_it_and_its_contracts_name() {
        assertEquals(
                List.of(
                        ofClass("SUB-1"),
                        hostileOfClass("SUB-2"),
                        ofClass("ABS-1"),
                        ofClass("INT-1")),
                Claim.of(Sub.class));
    }

    @Test
    void an_inherited_method_claims_its_own_ids_then_those_of_the_class_that_runs()
            throws NoSuchMethodException {
        List<Claim> claims = Claim.of(Sub.class, Contract.class.getDeclaredMethod("test"));

        assertEquals(
                List.of(
                        new Claim(Claim.Kind.NORMATIVE, "METH-1", false),
                        new Claim(Claim.Kind.NORMATIVE, "ABS-1", false),
                        new Claim(Claim.Kind.HOSTILE, "METH-2", false),
                        ofClass("SUB-1"),
                        hostileOfClass("SUB-2"),
                        ofClass("INT-1")),
                claims);
    }

    @Test
    void a_nested_class_claims_what_the_class_around_it_names() {
        assertEquals(List.of(ofClass("IN-1"), ofClass("OUT-1")), Claim.of(Outer.Inner.class));
    }

    @Test
    void a_static_class_does_not_claim_what_the_class_around_it_names() {
        assertEquals(List.of(ofClass("APART-1")), Claim.of(Outer.Apart.class));
    }

    private static Claim ofClass(String id) {
        return new Claim(Claim.Kind.NORMATIVE, id, true);
    }

    private static Claim hostileOfClass(String id) {
        return new Claim(Claim.Kind.HOSTILE, id, true);
    }

    static class Plain {
        @Test
        void test() {}
    }

    @Normative("INT-1")
    interface Rules {}

    @Normative("ABS-1")
    abstract static class Contract implements Rules {
        @Test
        @Normative({"METH-1", "ABS-1"})
        @HostileCase("METH-2")
        void test() {}
    }

    @Normative("SUB-1")
    @HostileCase("SUB-2")
    static class Sub extends Contract {}

    @Normative("OUT-1")
    static class Outer {
        @Nested
        @Normative("IN-1")
        class Inner {}

        @Normative("APART-1")
        static class Apart {}
    }
}
