// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FeatureSetTest {

    @Test
    void every_bit_has_its_place_in_words_0_to_3() {
        for (int bit = 0; bit < 128; bit++) {
            FeatureSet set = FeatureSet.NONE.withBit(bit);
            for (int other = 0; other < 128; other++) {
                assertEquals(other == bit, set.hasBit(other));
            }
            for (int word = 0; word < 6; word++) {
                assertEquals(word == bit / 32 ? 1 << bit % 32 : 0, set.word(word));
            }
            assertEquals(set, FeatureSet.NONE.withWord(bit / 32, 1 << bit % 32));
            assertEquals("{" + bit + "}", set.toString());
        }
    }

    @Test
    void a_word_is_replaced_and_the_others_stay() {
        FeatureSet all = new FeatureSet(-1, -1);
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            FeatureSet changed = all.withWord(word, 0x1234_5678);
            for (int other = 0; other < FeatureSet.WORDS; other++) {
                assertEquals(other == word ? 0x1234_5678 : -1, changed.word(other));
            }
        }
        assertSame(all, all.withWord(4, 0));
        assertSame(all, all.withWord(-1, 0));
    }

    @Test
    void sets_are_joined_intersected_and_subtracted() {
        FeatureSet a = FeatureSet.NONE.withBit(0).withBit(64);
        FeatureSet b = FeatureSet.NONE.withBit(64).withBit(127);

        assertEquals("{0,64,127}", a.union(b).toString());
        assertEquals("{64}", a.intersection(b).toString());
        assertEquals("{0}", a.minus(b).toString());
        assertTrue(a.minus(a).isEmpty());
        assertFalse(b.isEmpty());
    }

    @Test
    void a_bit_beyond_127_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> FeatureSet.NONE.withBit(128));
        assertThrows(IllegalArgumentException.class, () -> FeatureSet.NONE.withBit(-1));
    }
}
