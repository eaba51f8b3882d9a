// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Names the requirements of the specification that a test shows to be kept.
 *
 * <p>On a test method: the method fails when one of the named requirements is broken. On a class:
 * its test methods together do so, and the requirement counts as covered only when all of them
 * pass. A contract (an abstract class or an interface with tests) hands its ids down to every class
 * that inherits it, and an enclosing class to its nested ones; ids add up, none is replaced.
 *
 * {@snippet :
 * @Test
 * @Normative({"COR-8", "MMIO-5"})
 * void reset_from_every_state_reads_back_zero() {
 * }
 * }
 *
 * <p>The ids are those of the ledger, {@code device.tsv} beside this type. A test that names an id
 * the ledger does not hold fails.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(LedgerCheck.class)
public @interface Normative {

    /**
     * Ids of the ledger's requirements.
     *
     * @return at least one id, such as {@code "BLK-7"}
     */
    String[] value();
}
