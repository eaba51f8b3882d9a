// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

/**
 * How binding a requirement is. SHALL counts as MUST, RECOMMENDED as SHOULD, CAN and OPTIONAL as
 * MAY.
 */
enum Strength {
    MUST,
    SHOULD,
    MAY
}
