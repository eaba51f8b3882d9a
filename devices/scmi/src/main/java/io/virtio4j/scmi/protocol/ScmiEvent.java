// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * A message from the platform to an agent.
 *
 * @param header its header: a notification, or a delayed response
 * @param payload what follows; not to be changed
 * @param source what it is about, if a later one may replace it; or {@link ScmiPlatform#EVERY_ONE}
 */
public record ScmiEvent(int header, byte[] payload, int source) {

    /** Whether it has to arrive. */
    public boolean isDelayedResponse() {
        return MessageHeader.type(header) == MessageHeader.DELAYED_RESPONSE;
    }

    /** The length with the header, in bytes. */
    public int length() {
        return MessageHeader.SIZE + payload.length;
    }

    boolean isReplacedBy(ScmiEvent later) {
        return source != ScmiPlatform.EVERY_ONE && source == later.source && header == later.header;
    }
}
