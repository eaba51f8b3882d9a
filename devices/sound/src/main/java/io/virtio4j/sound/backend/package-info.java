// SPDX-License-Identifier: Apache-2.0

/** What plays and records: files, tones, a cable, and adapters for what blocks. */
@NullMarked
package io.virtio4j.sound.backend;

import org.jspecify.annotations.NullMarked;
