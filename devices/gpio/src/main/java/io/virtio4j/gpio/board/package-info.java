// SPDX-License-Identifier: Apache-2.0

/**
 * A simulated board: lines that Java code drives, watches, wires together and records.
 *
 * <pre>{@code
 * SimulatedBoard board = SimulatedBoard.of("button", "led");
 * GpioDevice device = new GpioDevice(board);
 * board.line("led").watch((line, state, nanos) -> System.out.println(line + " " + state));
 * board.line("button").drive(true);
 * }</pre>
 */
@NullMarked
package io.virtio4j.gpio.board;

import org.jspecify.annotations.NullMarked;
