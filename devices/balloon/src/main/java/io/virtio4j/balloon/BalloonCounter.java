// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.Counter;

/** What a balloon device counts. Pages are of {@value BalloonDevice#PAGE_SIZE} bytes. */
public enum BalloonCounter implements Counter {
    /** Pages that the driver put into the balloon; a page that is named twice counts twice. */
    INFLATED("pages put into the balloon"),
    /** Pages that the driver took out. */
    DEFLATED("pages taken out of the balloon"),
    /** Free pages that the driver reported. */
    REPORTED("free pages reported"),
    /** Free pages that the driver hinted at while a round went on. */
    HINTED("free pages hinted"),
    /** Pages that were given back to the host, of the balloon or reported. */
    RELEASED("pages given back to the host"),
    /** Pages that stayed with the guest's memory: it cannot give them back, or their content counts. */
    KEPT("pages not given back"),
    /** Pages that are not in the guest's memory. */
    NOWHERE("pages outside of memory"),
    /** Hints without a command, or with one that is not current. */
    STALE_HINTS("hints that are not current"),
    /** Statistics that the driver sent. */
    STATISTICS("statistics received"),
    /** Failures of giving pages back. */
    RELEASE_ERRORS("failures to give pages back");

    private final String label;

    BalloonCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
