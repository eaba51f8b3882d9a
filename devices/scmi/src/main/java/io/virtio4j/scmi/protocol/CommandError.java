// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * A command that failed.
 *
 * @param header its header
 * @param status why
 */
public record CommandError(int header, ScmiStatus status) {}
