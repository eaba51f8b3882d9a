// SPDX-License-Identifier: Apache-2.0

/**
 * The conformance ledger: which test covers which requirement of the specification, and which
 * case of the catalogue of hostile drivers.
 *
 * <p>A test names what it shows with {@link io.virtio4j.testkit.conformance.Normative} and
 * {@link io.virtio4j.testkit.conformance.HostileCase}.
 */
@NullMarked
package io.virtio4j.testkit.conformance;

import org.jspecify.annotations.NullMarked;
