// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

/** Something that was connected to a board: a wire, or a watcher. */
@FunctionalInterface
public interface Connection extends AutoCloseable {

    /** Takes it away again. */
    @Override
    void close();
}
