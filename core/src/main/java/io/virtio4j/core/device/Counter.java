// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

/** One of the things that a device counts: a constant of an enum of its own. */
public interface Counter {

    /** The constant's name. */
    String name();

    /** What is counted, in words. */
    String label();
}
