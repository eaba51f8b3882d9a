// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.Counter;

/** What a GPU device counts; the label says what. */
public enum GpuCounter implements Counter {
    /** Commands of both queues, whatever the answer. */
    COMMANDS("commands"),
    /** Commands answered with an error. */
    ERRORS("commands answered with an error"),
    /** Of those: refused because a budget would have been passed. */
    OVER_BUDGET("commands that would have passed a budget"),
    /** Commands with a fence. */
    FENCES("commands with a fence"),
    /** Chains without room for an answer, returned with length 0. */
    UNANSWERABLE("chains without room for an answer"),
    /** Transfers from the guest's pages to the host's memory, or back. */
    TRANSFERS("transfers"),
    /** Bytes of those. */
    TRANSFERRED_BYTES("bytes transferred"),
    /** RESOURCE_FLUSH. */
    FLUSHES("flushes"),
    /** Pixels of outputs that flushes changed. */
    FLUSHED_PIXELS("pixels flushed"),
    /** Commands that changed what an output shows. */
    SCANOUTS_SET("changes of what is scanned out"),
    /** UPDATE_CURSOR. */
    CURSOR_UPDATES("updates of a cursor"),
    /** MOVE_CURSOR. */
    CURSOR_MOVES("moves of a cursor"),
    /** Command streams that contexts were given. */
    SUBMITS("command streams"),
    /** Changes of what is plugged in, told to the driver. */
    DISPLAY_EVENTS("display events");

    private final String label;

    GpuCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
