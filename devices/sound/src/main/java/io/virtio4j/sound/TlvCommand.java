// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** Executes commands for a control element's metadata. [Control Elements / Metadata] */
@FunctionalInterface
public interface TlvCommand {

    /**
     * Executes a command, on the thread that serves the control queue, which it must not block.
     *
     * @param type as the driver gave it
     * @param value a copy
     * @return whether it is one that can be executed; otherwise the driver is told that it is not supported
     */
    boolean execute(long type, int[] value);
}
