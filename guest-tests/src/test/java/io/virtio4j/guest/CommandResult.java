// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

/**
 * What a command in the guest left.
 *
 * @param command the shell script that ran
 * @param output what it wrote to its standard output and standard error, without trailing white
 *     space
 * @param status its exit status
 */
public record CommandResult(String command, String output, int status) {

    /**
     * Returns the output of a command that must have succeeded.
     *
     * @throws GuestFailure if the exit status is not zero
     */
    public String success() {
        if (status != 0) {
            throw new GuestFailure("command failed in the guest: status=" + status + " command="
                + command + "\n" + output);
        }
        return output;
    }
}
