// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

/** How a test ended. In this order: of several invocations, the last in it speaks for the test. */
enum Outcome {
    PASSED,
    SKIPPED,
    ABORTED,
    FAILED;

    Outcome and(Outcome other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
