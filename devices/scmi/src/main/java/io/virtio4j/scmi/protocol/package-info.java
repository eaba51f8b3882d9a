// SPDX-License-Identifier: Apache-2.0

/**
 * The System Control and Management Interface of Arm (DEN0056), without a transport: messages, agents and
 * their permissions, the base protocol, and what a protocol of one's own implements.
 *
 * <p>An {@link io.virtio4j.scmi.protocol.ScmiPlatform} has protocols and agents. Each agent talks to it through
 * an {@link io.virtio4j.scmi.protocol.ScmiChannel}, which a device opens. All that a protocol does is done
 * under the platform's lock; notifications leave when it is free again.
 */
@NullMarked
package io.virtio4j.scmi.protocol;

import org.jspecify.annotations.NullMarked;
