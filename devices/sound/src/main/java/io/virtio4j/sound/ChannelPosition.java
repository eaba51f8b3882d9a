// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** Where a channel is heard, VIRTIO_SND_CHMAP_*; the ordinal is the value on the wire. [CHMAP_INFO] */
public enum ChannelPosition {
    /** Undefined. */
    NONE,
    /** Silent. */
    NA,
    /** Mono stream. */
    MONO,
    /** Front left. */
    FL,
    /** Front right. */
    FR,
    /** Rear left. */
    RL,
    /** Rear right. */
    RR,
    /** Front center. */
    FC,
    /** Low frequency. */
    LFE,
    /** Side left. */
    SL,
    /** Side right. */
    SR,
    /** Rear center. */
    RC,
    /** Front left center. */
    FLC,
    /** Front right center. */
    FRC,
    /** Rear left center. */
    RLC,
    /** Rear right center. */
    RRC,
    /** Front left wide. */
    FLW,
    /** Front right wide. */
    FRW,
    /** Front left high. */
    FLH,
    /** Front center high. */
    FCH,
    /** Front right high. */
    FRH,
    /** Top center. */
    TC,
    /** Top front left. */
    TFL,
    /** Top front right. */
    TFR,
    /** Top front center. */
    TFC,
    /** Top rear left. */
    TRL,
    /** Top rear right. */
    TRR,
    /** Top rear center. */
    TRC,
    /** Top front left center. */
    TFLC,
    /** Top front right center. */
    TFRC,
    /** Top side left. */
    TSL,
    /** Top side right. */
    TSR,
    /** Left low frequency. */
    LLFE,
    /** Right low frequency. */
    RLFE,
    /** Bottom center. */
    BC,
    /** Bottom left center. */
    BLC,
    /** Bottom right center. */
    BRC
}
