// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * Somebody who sends commands: a guest, usually.
 *
 * @param id 1 to 255; 0 is the platform itself
 * @param name up to 15 characters of ASCII
 * @param trusted whether it may change what other agents are permitted
 */
public record ScmiAgent(int id, String name, boolean trusted) {}
