// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** Where a stream is in its life, and which commands may follow. [PCM Command Lifecycle] */
enum StreamPhase {
    /** No parameters yet. */
    UNSET,
    /** SET PARAMETERS. */
    SET,
    /** PREPARE. */
    PREPARED,
    /** START. */
    STARTED,
    /** STOP. */
    STOPPED,
    /** RELEASE. */
    RELEASED;

    /** > Possible valid transitions: [...] */
    boolean mayBecome(StreamPhase next) {
        return switch (this) {
            case UNSET -> next == SET;
            case SET, RELEASED -> next == SET || next == PREPARED;
            case PREPARED -> next == SET || next == PREPARED || next == STARTED || next == RELEASED;
            case STARTED -> next == STOPPED;
            case STOPPED -> next == STARTED || next == RELEASED;
        };
    }

    /** Whether it can have I/O messages: from PREPARE to RELEASE. */
    boolean takesMessages() {
        return this == PREPARED || this == STARTED || this == STOPPED;
    }
}
