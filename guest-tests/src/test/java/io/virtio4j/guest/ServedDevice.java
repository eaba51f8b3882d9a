// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import java.util.ArrayList;
import java.util.List;

/** A device of ours that a guest uses, as the report sees it. */
interface ServedDevice extends AutoCloseable {

    /** What it is, in a word. */
    String type();

    Wiring wiring();

    /** The names of the features that the driver has accepted. */
    List<String> acceptedNames();

    /** What the driver asked for so far. */
    long operations();

    /** Bytes moved so far. */
    long bytes();

    /** What went wrong so far. */
    long errors();

    @Override
    void close();

    /** The names of those features that were accepted. */
    static List<String> names(FeatureSet accepted, Feature[]... features) {
        List<String> names = new ArrayList<>();
        for (Feature[] some : features) {
            for (Feature feature : some) {
                if (accepted.has(feature)) {
                    names.add(feature.toString());
                }
            }
        }
        return names;
    }
}
