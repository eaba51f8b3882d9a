// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.Collection;
import java.util.StringJoiner;

/**
 * A set of feature bits 0 to 127, immutable.
 *
 * @param low bits 0 to 63
 * @param high bits 64 to 127
 */
public record FeatureSet(long low, long high) {

    /** No features. */
    public static final FeatureSet NONE = new FeatureSet(0, 0);

    /** How many words of 32 bits there are. */
    public static final int WORDS = 4;

    /** The set of these features. */
    public static FeatureSet of(Feature... features) {
        FeatureSet set = NONE;
        for (Feature feature : features) {
            set = set.with(feature);
        }
        return set;
    }

    /** The set of these features. */
    public static FeatureSet of(Collection<? extends Feature> features) {
        return of(features.toArray(new Feature[0]));
    }

    /** Whether the feature is in the set. */
    public boolean has(Feature feature) {
        return hasBit(feature.bit());
    }

    /** Whether the bit is in the set. */
    public boolean hasBit(int bit) {
        return ((bit < 64 ? low : high) >>> bit & 1) != 0;
    }

    /** This set and one more feature. */
    public FeatureSet with(Feature feature) {
        return withBit(feature.bit());
    }

    /** This set and one more bit. */
    public FeatureSet withBit(int bit) {
        if (bit < 0 || bit > 127) {
            throw new IllegalArgumentException("feature bit has to be 0 to 127: bit=" + bit);
        }
        return bit < 64 ? new FeatureSet(low | 1L << bit, high) : new FeatureSet(low, high | 1L << bit);
    }

    /** This set without one feature. */
    public FeatureSet without(Feature feature) {
        return minus(NONE.with(feature));
    }

    /** All features of both sets. */
    public FeatureSet union(FeatureSet other) {
        return new FeatureSet(low | other.low, high | other.high);
    }

    /** The features that are in both sets. */
    public FeatureSet intersection(FeatureSet other) {
        return new FeatureSet(low & other.low, high & other.high);
    }

    /** The features of this set that are not in the other. */
    public FeatureSet minus(FeatureSet other) {
        return new FeatureSet(low & ~other.low, high & ~other.high);
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return (low | high) == 0;
    }

    /** Bits {@code 32 * index} and following; 0 for an index beyond the last word. */
    public int word(int index) {
        return switch (index) {
            case 0 -> (int) low;
            case 1 -> (int) (low >>> 32);
            case 2 -> (int) high;
            case 3 -> (int) (high >>> 32);
            default -> 0;
        };
    }

    /** This set with one word replaced; unchanged for an index beyond the last word. */
    public FeatureSet withWord(int index, int bits) {
        long value = Integer.toUnsignedLong(bits);
        return switch (index) {
            case 0 -> new FeatureSet(low & 0xFFFF_FFFF_0000_0000L | value, high);
            case 1 -> new FeatureSet(low & 0xFFFF_FFFFL | value << 32, high);
            case 2 -> new FeatureSet(low, high & 0xFFFF_FFFF_0000_0000L | value);
            case 3 -> new FeatureSet(low, high & 0xFFFF_FFFFL | value << 32);
            default -> this;
        };
    }

    /** The bits' numbers, ascending. */
    @Override
    public String toString() {
        StringJoiner bits = new StringJoiner(",", "{", "}");
        for (int bit = 0; bit < 128; bit++) {
            if (hasBit(bit)) {
                bits.add(Integer.toString(bit));
            }
        }
        return bits.toString();
    }
}
