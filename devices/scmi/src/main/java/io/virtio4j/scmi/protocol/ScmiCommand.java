// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * A command of a protocol.
 *
 * @param message its message id; 3 to 15 and 17 to 255
 * @param name its name in the specification
 * @param least the fewest bytes of parameters that it has
 * @param most the most bytes of parameters that it has
 * @param attributes what PROTOCOL_MESSAGE_ATTRIBUTES says of it
 * @param requestsNotifications it exists only while notifications can be sent
 * @param action what it does
 */
public record ScmiCommand(
        int message, String name, int least, int most, int attributes, boolean requestsNotifications,
        Action action) {

    /** What a command does. */
    @FunctionalInterface
    public interface Action {

        /**
         * Reads parameters, does the work, and writes results. Called under the platform's lock, with as
         * many bytes of parameters as the command has.
         *
         * @return the status; results are sent with {@link ScmiStatus#SUCCESS} only
         * @throws HardwareFault if what it needs has failed
         */
        ScmiStatus run(ScmiCall call);
    }

    /** Checks the ids. */
    public ScmiCommand {
        if (message <= ScmiProtocol.MESSAGE_ATTRIBUTES || message > 0xFF
                || message == ScmiProtocol.NEGOTIATE_VERSION || least < 0 || most < least) {
            throw new IllegalArgumentException("a command needs a message id that is not one of all"
                    + " protocols, and a size: message=" + message + " name=" + name + " least=" + least
                    + " most=" + most);
        }
    }

    /** A command with so many bytes of parameters. */
    public static ScmiCommand of(int message, String name, int parameters, Action action) {
        return new ScmiCommand(message, name, parameters, parameters, 0, false, action);
    }

    /** A command with parameters of varying length. */
    public static ScmiCommand of(int message, String name, int least, int most, Action action) {
        return new ScmiCommand(message, name, least, most, 0, false, action);
    }

    /** A command that requests notifications. */
    public static ScmiCommand notifying(int message, String name, int parameters, Action action) {
        return new ScmiCommand(message, name, parameters, parameters, 0, true, action);
    }

    /** The same with what PROTOCOL_MESSAGE_ATTRIBUTES says of it. */
    public ScmiCommand withAttributes(int bits) {
        return new ScmiCommand(message, name, least, most, bits, requestsNotifications, action);
    }
}
