// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

/** A feature bit: of all devices ({@link CoreFeature}) or of one type. [Feature Bits] */
public interface Feature {

    /** The bit; 0 to 127. */
    int bit();

    /** The name in the specification, without prefix. */
    String name();

    /** What else has to be there for this feature, in words; empty if nothing. */
    default String requirement() {
        return "";
    }

    /** Whether {@code others} hold what this feature requires. [Feature bit requirements] */
    default boolean isSatisfiedBy(FeatureSet others) {
        return true;
    }
}
