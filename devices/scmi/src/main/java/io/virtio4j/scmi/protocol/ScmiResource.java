// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * What a protocol manages one of: a domain, a clock, a sensor, ...
 *
 * @param protocol the protocol's id
 * @param index which of its domains, clocks, sensors, ...
 */
public record ScmiResource(int protocol, int index) {}
