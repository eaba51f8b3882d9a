// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/** Requests and flags of {@code /dev/net/tun}. */
final class TapCalls {
    static final int TUNSETIFF = 0x400454CA;
    static final int TUNSETOFFLOAD = 0x400454D0;
    static final int TUNSETVNETHDRSZ = 0x400454D8;
    static final int TUNSETVNETLE = 0x400454DC;

    static final int IFF_TAP = 0x0002;
    static final int IFF_MULTI_QUEUE = 0x0100;
    static final int IFF_NO_PI = 0x1000;
    static final int IFF_VNET_HDR = 0x4000;

    private TapCalls() {}
}
