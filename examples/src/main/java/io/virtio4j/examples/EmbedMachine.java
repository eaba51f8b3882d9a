// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.core.memory.GuestMemory;

/** What a machine has, whatever its kind; the examples add a device to it. */
interface EmbedMachine {

    /** Its memory. */
    GuestMemory memory();

    /** Gives guest-physical addresses to a device; it sees offsets from the first. */
    void map(long address, long length, Load load, Store store);

    /** Where accesses go that are for nobody else. */
    void mapOthers(Load load, Store store);

    /** Sets the level of a wired interrupt. */
    void interrupt(int line, boolean asserted);

    /** Delivers a message-signalled interrupt. */
    void message(long address, int data);

    /** Appends to the command line of the guest's kernel. */
    void appendToCommandLine(String parameter);

    /** A virtual CPU loads 1, 2, 4 or 8 bytes. */
    interface Load {
        long load(long offset, int width);
    }

    /** A virtual CPU stores 1, 2, 4 or 8 bytes. */
    interface Store {
        void store(long offset, int width, long value);
    }
}
