// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * How something is renamed, as in {@code renameat2(2)}.
 *
 * @param noReplace what has the new name is not replaced: EEXIST. Asked of every backend
 * @param exchange what has the new name gets the old one; only with EXCHANGE, never together with the others
 * @param whiteout a character device with number 0, 0 is left behind; only with WHITEOUT
 */
public record RenameFlags(boolean noReplace, boolean exchange, boolean whiteout) {

    /** A rename that replaces. */
    public static final RenameFlags NONE = new RenameFlags(false, false, false);
}
