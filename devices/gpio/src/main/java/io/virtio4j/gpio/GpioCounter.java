// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.device.Counter;

/** What a GPIO device counts. */
public enum GpioCounter implements Counter {
    /** Messages of the driver. */
    MESSAGES("messages"),
    /** Among those, messages answered VIRTIO_GPIO_STATUS_ERR. */
    ERRORS("messages answered with an error"),
    /** Operations that the backend could not do. */
    BACKEND_ERRORS("errors of the backend"),
    /** Event buffers returned for an interrupt. */
    INTERRUPTS("interrupts sent"),
    /** Event buffers returned unused: the interrupt was disabled, or the buffer was wrong. */
    RETURNED("event buffers returned unused"),
    /** Edges that came while one was latched already: the driver sees one interrupt for both. */
    MERGED_EDGES("edges merged with one before");

    private final String label;

    GpioCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
