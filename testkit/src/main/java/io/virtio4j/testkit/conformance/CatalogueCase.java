// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

/**
 * One case of the catalogue of hostile drivers.
 *
 * @param id the id tests name, such as {@code RL-1}
 * @param group the title of the cases it belongs with
 * @param wording what the driver does
 * @param answers the answers a correct device gives, {@code R0} to {@code R5} separated by spaces,
 *     or {@code -} where the host and not the driver gets the answer
 * @param applies the module that has to show it
 */
record CatalogueCase(String id, String group, String wording, String answers, String applies) {}
