// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

/**
 * One requirement of the specification on the device.
 *
 * @param id the id tests name, such as {@code BLK-7}
 * @param strength how binding it is
 * @param section the specification's section label, headings joined by {@code " / "}
 * @param wording what it asks for, in words of our own
 * @param applies the module that has to show it, or {@code n/a:} and the reason why none has to
 */
record Requirement(String id, Strength strength, String section, String wording, String applies) {

    private static final String NOT_APPLICABLE = "n/a: ";

    boolean applicable() {
        return !applies.startsWith(NOT_APPLICABLE);
    }

    /** Why the requirement does not apply; only where it does not. */
    String reason() {
        return applies.substring(NOT_APPLICABLE.length());
    }

    /** The section's first two headings: as fine as a summary wants to be. */
    String chapter() {
        String[] headings = section.split(" / ", 3);
        return headings.length == 1 ? headings[0] : headings[0] + " / " + headings[1];
    }
}
