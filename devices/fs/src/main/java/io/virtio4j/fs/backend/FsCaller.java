// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * Who asks: the process of the driver's on whose behalf a request is made. The driver has checked permissions already;
 * this is for what is created, and for backends that want to check again. Good until the method that it was passed to
 * returns.
 */
public interface FsCaller {

    /** The user, as the device's policy maps it; 0 to 2^32 - 1. */
    long user();

    /** The group, as the device's policy maps it; 0 to 2^32 - 1. */
    long group();

    /** The process in the driver's numbering; 0 if the driver asks for itself. */
    long process();

    /** How many supplementary groups are known: none, or the one that matters where something is created. */
    int supplementaryGroups();

    /** A supplementary group, as the device's policy maps it. */
    long supplementaryGroup(int index);

    /** Whether a group is one of the caller's. */
    default boolean isIn(long group) {
        if (group == group()) {
            return true;
        }
        for (int i = 0; i < supplementaryGroups(); i++) {
            if (supplementaryGroup(i) == group) {
                return true;
            }
        }
        return false;
    }

    /** Whether the driver gave the request up: a backend that waits for something may throw EINTR then. */
    boolean isInterrupted();
}
