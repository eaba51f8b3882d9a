// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Names the cases of the catalogue of hostile drivers that a test plays against a device.
 *
 * <p>The test does what the case says, requires the answer the catalogue asks for, and then shows
 * that the device still serves. Placement and inheritance are those of {@link Normative}. Every
 * invocation of a parameterized or repeated test counts as one instance of each named case.
 *
 * {@snippet :
 * @ParameterizedTest
 * @EnumSource(RingFormat.class)
 * @HostileCase("DC-1")
 * void a_chain_that_loops_is_returned_with_length_zero(RingFormat format) {
 * }
 * }
 *
 * <p>The ids are those of the catalogue, {@code hostile.tsv} beside this type. A test that names an
 * id the catalogue does not hold fails.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(LedgerCheck.class)
public @interface HostileCase {

    /**
     * Ids of the catalogue's cases.
     *
     * @return at least one id, such as {@code "RL-1"}
     */
    String[] value();
}
