// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A test of a {@link Wiring}: on each bus, with rings of each format, and one request queue. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@MethodSource("io.virtio4j.guest.Wiring#each")
@interface OnEachWiring {}
