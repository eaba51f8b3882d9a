// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

/**
 * Messages between one START and one STOP, with a repeated START between them: a group of requests that its
 * driver linked by FAIL_NEXT. Belongs to its device, and is used again.
 *
 * <p>A bus calls {@link #done()} after each message that succeeded. What is not done when the transaction fails
 * is answered with an error.
 */
public final class I2cTransaction {

    private final I2cMessage[] messages;
    private int size;
    private int done;
    private boolean endsWithStop = true;

    /** Room for so many messages of so many bytes. */
    I2cTransaction(int mostMessages, int mostBytes) {
        messages = new I2cMessage[mostMessages];
        for (int i = 0; i < mostMessages; i++) {
            messages[i] = new I2cMessage(mostBytes);
        }
    }

    void clear() {
        size = 0;
        done = 0;
    }

    I2cMessage add() {
        return messages[size++];
    }

    void end(boolean withStop) {
        endsWithStop = withStop;
    }

    /** How many messages there are; at least 1. */
    public int size() {
        return size;
    }

    /** A message, from 0. */
    public I2cMessage message(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("index=" + index + " messages=" + size);
        }
        return messages[index];
    }

    /**
     * Whether STOP follows the last message. If not, more messages of the same group will come: the next
     * transaction of this object begins with a repeated START. Always, unless {@link I2cBus#canHold()}.
     */
    public boolean endsWithStop() {
        return endsWithStop;
    }

    /** The next message succeeded. */
    public void done() {
        if (done == size) {
            throw new IllegalStateException("all messages are done: messages=" + size);
        }
        done++;
    }

    /** How many messages succeeded so far, from the first. */
    public int completed() {
        return done;
    }

    @Override
    public String toString() {
        return "I2cTransaction[messages=" + size + " done=" + done + (endsWithStop ? "" : " held") + "]";
    }
}
