// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** How far a request came. */
enum Progress {
    /** To the end of what was asked for. */
    DONE,
    /** The backend failed. */
    FAILED,
    /** The turn's budget is spent: it goes on in the next turn. */
    SPENT,
    /** It has to wait for a zone or a buffer; the queue is woken when it may try again. */
    BLOCKED,
    /** An operation was started; the request goes on when it arrives. */
    STARTED
}
