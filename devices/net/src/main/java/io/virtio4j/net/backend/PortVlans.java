// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import java.util.BitSet;

/**
 * What VLANs a port of a {@link PacketSwitch} belongs to, and which of them goes without a tag. VLANs are
 * numbered from 1 to 4094. Tags of other types than that of IEEE 802.1Q are not looked at. Immutable.
 */
public final class PortVlans {

    private static final int NONE = 0;
    private static final int LAST = 4094;

    private final BitSet members;
    private final int untagged;
    private final boolean takesTags;

    private PortVlans(BitSet members, int untagged, boolean takesTags) {
        this.members = members;
        this.untagged = untagged;
        this.takesTags = takesTags;
    }

    /** A port of one VLAN: frames go without a tag, and frames that come with one are dropped. */
    public static PortVlans access(int vlan) {
        BitSet one = new BitSet();
        one.set(check(vlan));
        return new PortVlans(one, vlan, false);
    }

    /** A port of several VLANs: frames go with a tag, and frames that come without one are dropped. */
    public static PortVlans trunk(int... vlans) {
        return new PortVlans(set(vlans), NONE, true);
    }

    /** As {@link #trunk}, but frames without a tag belong to the first VLAN, which is a member too. */
    public static PortVlans trunkWithNative(int nativeVlan, int... vlans) {
        BitSet members = set(vlans);
        members.set(check(nativeVlan));
        return new PortVlans(members, nativeVlan, true);
    }

    /** A port of all VLANs. Frames without a tag belong to VLAN 1. What ports are that are not told more. */
    public static PortVlans all() {
        BitSet members = new BitSet();
        members.set(1, LAST + 1);
        return new PortVlans(members, 1, true);
    }

    private static BitSet set(int... vlans) {
        BitSet set = new BitSet();
        for (int vlan : vlans) {
            set.set(check(vlan));
        }
        return set;
    }

    private static int check(int vlan) {
        if (vlan < 1 || vlan > LAST) {
            throw new IllegalArgumentException("VLANs are numbered from 1 to 4094: vlan=" + vlan);
        }
        return vlan;
    }

    boolean has(int vlan) {
        return members.get(vlan);
    }

    /** Whether frames of a VLAN go without a tag. */
    boolean isUntagged(int vlan) {
        return vlan == untagged;
    }

    /**
     * The VLAN that a frame belongs to which comes in here.
     *
     * @param tag the VLAN in its tag; 0 if there is none, or one that only tells the priority
     * @return 0 if the frame is not welcome
     */
    int classify(int tag) {
        if (tag == NONE) {
            return untagged;
        }
        return takesTags && has(tag) ? tag : NONE;
    }

    @Override
    public String toString() {
        return "vlans=" + members + " untagged=" + untagged;
    }
}
