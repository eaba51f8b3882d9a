// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one queue did since its device was made; kept over resets. Written by the queue's owner, readable
 * by any thread.
 */
public final class QueueCounters {

    private static final VarHandle[] CELLS = cells(
            "chains", "bytesRead", "bytesWritten", "notifications", "interrupts", "chainFaults",
            "ringFaults", "deviceFaults");

    private static VarHandle[] cells(String... names) {
        try {
            VarHandle[] handles = new VarHandle[names.length];
            for (int i = 0; i < names.length; i++) {
                handles[i] = MethodHandles.lookup()
                        .findVarHandle(QueueCounters.class, names[i], long.class);
            }
            return handles;
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long chains;
    private long bytesRead;
    private long bytesWritten;
    private long notifications;
    private long interrupts;
    private long chainFaults;
    private long ringFaults;
    private long deviceFaults;

    /** Creates counters at zero. */
    public QueueCounters() {}

    void used(long readable, long written) {
        chains++;
        bytesRead += readable;
        bytesWritten += written;
    }

    void interrupt() {
        interrupts++;
    }

    void chainFault() {
        chainFaults++;
    }

    void ringFault() {
        ringFaults++;
    }

    void deviceFault() {
        deviceFaults++;
    }

    /** Counts an available buffer notification; from any thread. */
    void notified() {
        CELLS[3].getAndAdd(this, 1L);
    }

    private long read(int cell) {
        return (long) CELLS[cell].getOpaque(this);
    }

    /** Chains that were used. */
    public long chains() {
        return read(0);
    }

    /** Device-readable bytes of the chains that were used. */
    public long bytesRead() {
        return read(1);
    }

    /** Bytes that were written to the chains that were used. */
    public long bytesWritten() {
        return read(2);
    }

    /** Available buffer notifications that came from the driver. */
    public long notifications() {
        return read(3);
    }

    /** Used buffer notifications that were sent to the driver. */
    public long interrupts() {
        return read(4);
    }

    /** Chains that could not be served. */
    public long chainFaults() {
        return read(5);
    }

    /** How often the ring was found inconsistent. */
    public long ringFaults() {
        return read(6);
    }

    /** How often the device's own code failed. */
    public long deviceFaults() {
        return read(7);
    }

    @Override
    public String toString() {
        return "chains=" + chains() + " bytesRead=" + bytesRead() + " bytesWritten=" + bytesWritten()
                + " notifications=" + notifications() + " interrupts=" + interrupts()
                + " chainFaults=" + chainFaults() + " ringFaults=" + ringFaults()
                + " deviceFaults=" + deviceFaults();
    }
}
