// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.RingFeatures;
import io.virtio4j.core.queue.RingFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Offered and accepted features. [Feature Bits] */
final class Negotiation {

    private final List<? extends Feature> typeFeatures;
    private FeatureSet offered;
    private FeatureSet accepted = FeatureSet.NONE;

    /** The driver wrote bits in a word that no device has. */
    private boolean beyond;

    Negotiation(VirtioDevice device, FeatureSet coreFeatures) {
        typeFeatures = device.features();
        offered = coreFeatures.minus(device.excludedFeatures()).with(CoreFeature.VERSION_1)
                .union(device.offeredFeatures());
        // > The device MUST NOT offer a feature which requires another feature which was not offered.
        String missing = missing(offered);
        if (missing != null) {
            throw new IllegalArgumentException("device offers a feature without what it requires: device="
                    + device.type().name() + " " + missing);
        }
    }

    /** A transport cannot carry some features: they are not offered. */
    void withdraw(FeatureSet unsupported) {
        offered = offered.minus(unsupported);
    }

    FeatureSet offered() {
        return offered;
    }

    FeatureSet accepted() {
        return accepted;
    }

    void accept(int word, int bits) {
        accepted = accepted.withWord(word, bits);
        if (word < 0 || word >= FeatureSet.WORDS) {
            beyond |= bits != 0;
        }
    }

    void restore(FeatureSet features) {
        accepted = features;
        beyond = false;
    }

    void reset() {
        accepted = FeatureSet.NONE;
        beyond = false;
    }

    /** Why what was accepted cannot work; {@code null} if it can. */
    @Nullable String refusal() {
        FeatureSet unknown = accepted.minus(offered);
        if (beyond || !unknown.isEmpty()) {
            return "features were accepted that were not offered: bits=" + unknown;
        }
        if (!accepted.has(CoreFeature.VERSION_1)) {
            return "VERSION_1 was not accepted";
        }
        if (offered.has(CoreFeature.ACCESS_PLATFORM) && !accepted.has(CoreFeature.ACCESS_PLATFORM)) {
            return "ACCESS_PLATFORM was not accepted, and memory is reached through the platform alone";
        }
        return missing(accepted);
    }

    private @Nullable String missing(FeatureSet set) {
        for (Feature feature : typeFeatures) {
            if (set.has(feature) && !feature.isSatisfiedBy(set)) {
                return "feature=" + feature.name() + " requires=" + feature.requirement();
            }
        }
        return null;
    }

    RingFeatures ring() {
        return new RingFeatures(
                accepted.has(CoreFeature.RING_PACKED) ? RingFormat.PACKED : RingFormat.SPLIT,
                accepted.has(CoreFeature.INDIRECT_DESC),
                accepted.has(CoreFeature.EVENT_IDX),
                accepted.has(CoreFeature.IN_ORDER));
    }
}
