// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmParameters;
import org.jspecify.annotations.Nullable;

/**
 * What the driver wants of a stream. Made by the control queue's owner, followed by the owner of the queue that
 * has the stream's messages.
 *
 * @param number of the command that it comes from
 * @param phase of the stream
 * @param parameters once they were set
 * @param features that were selected with them, as bits
 * @param line to the backend, from PREPARE to RELEASE
 */
record StreamPlan(
        int number,
        StreamPhase phase,
        @Nullable PcmParameters parameters,
        int features,
        @Nullable PcmLine line) {

    static final StreamPlan INITIAL = new StreamPlan(0, StreamPhase.UNSET, null, 0, null);

    boolean has(PcmFeature feature) {
        return (features & feature.mask()) != 0;
    }

    StreamPlan next(StreamPhase newPhase) {
        return next(newPhase, line);
    }

    StreamPlan next(StreamPhase newPhase, @Nullable PcmLine newLine) {
        return new StreamPlan(number + 1, newPhase, parameters, features, newLine);
    }

    StreamPlan set(PcmParameters newParameters, int newFeatures) {
        return new StreamPlan(number + 1, StreamPhase.SET, newParameters, newFeatures, null);
    }
}
