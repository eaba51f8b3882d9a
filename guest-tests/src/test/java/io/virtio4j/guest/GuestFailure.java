// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

/** The guest did not do what a test asked of it. The message holds what is known of the cause. */
public final class GuestFailure extends AssertionError {

    private static final long serialVersionUID = 1L;

    GuestFailure(String message) {
        super(message);
    }

    GuestFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
