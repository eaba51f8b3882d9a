// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateException;

/** Checks what was saved. */
final class SavedValue {

    private SavedValue() {}

    /** A value below {@code count}. */
    static int index(String what, long value, int count) {
        check(what, value, value >= 0 && value < count);
        return (int) value;
    }

    static void check(String what, long value, boolean fits) {
        if (!fits) {
            throw new StateException("saved value does not fit this platform: " + what + "=" + value);
        }
    }
}
