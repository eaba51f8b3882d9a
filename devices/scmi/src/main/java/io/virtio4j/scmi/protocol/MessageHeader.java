// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/** The 32 bits that every message begins with. [DEN0056: Message header] */
public final class MessageHeader {

    /** The size of a header in bytes. */
    public static final int SIZE = 4;

    /** The type of a command, and of its response. */
    public static final int COMMAND = 0;
    /** The type of a delayed response. */
    public static final int DELAYED_RESPONSE = 2;
    /** The type of a notification. */
    public static final int NOTIFICATION = 3;

    private static final int TYPE_SHIFT = 8;
    private static final int PROTOCOL_SHIFT = 10;
    private static final int TOKEN_SHIFT = 18;

    private MessageHeader() {}

    /** A header of a message id (8 bits), a type (2), a protocol (8) and a token (10). */
    public static int of(int message, int type, int protocol, int token) {
        return message & 0xFF | (type & 3) << TYPE_SHIFT | (protocol & 0xFF) << PROTOCOL_SHIFT
                | (token & 0x3FF) << TOKEN_SHIFT;
    }

    /** The message id: what of the protocol's commands or notifications it is. */
    public static int message(int header) {
        return header & 0xFF;
    }

    /** The type. */
    public static int type(int header) {
        return header >>> TYPE_SHIFT & 3;
    }

    /** The protocol's id. */
    public static int protocol(int header) {
        return header >>> PROTOCOL_SHIFT & 0xFF;
    }

    /** What the agent knows the command by. */
    public static int token(int header) {
        return header >>> TOKEN_SHIFT & 0x3FF;
    }

    /** The header of the delayed response to a command: the same token. */
    static int delayedResponse(int header) {
        return header & ~(3 << TYPE_SHIFT) | DELAYED_RESPONSE << TYPE_SHIFT;
    }
}
