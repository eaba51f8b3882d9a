// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * Takes the interrupts of one function: implemented by the embedder.
 *
 * <p>Called by whatever thread caused the interrupt: a queue's owner, a thread that changes the device's
 * configuration, or one that carries a driver's access. Must not throw, and must not wait for a lock that
 * is held while the function or its device is accessed: a driver's reset waits for queues, and a queue
 * may be here.
 */
public interface PciInterrupts {

    /**
     * An MSI-X message. A function sends it as a memory write of {@code data} to {@code address}; an
     * embedder whose table is elsewhere (vfio-user) looks at the vector alone.
     *
     * <p>A message that another thread is sending while the driver masks its vector can arrive just
     * after.
     *
     * @param vector the entry of the MSI-X table
     * @param address where the driver wants it written
     * @param data what the driver wants written
     */
    void message(int vector, long address, int data);

    /**
     * The level of the function's INTx pin changed. Calls never overlap, and the last one is the level
     * now.
     */
    void intx(boolean asserted);
}
