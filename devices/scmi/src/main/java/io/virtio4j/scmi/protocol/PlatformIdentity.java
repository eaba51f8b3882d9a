// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/**
 * Who made a platform.
 *
 * @param vendor up to 15 characters of ASCII
 * @param subVendor up to 15 characters of ASCII
 * @param implementationVersion of the vendor's own meaning
 */
record PlatformIdentity(String vendor, String subVendor, int implementationVersion) {}
