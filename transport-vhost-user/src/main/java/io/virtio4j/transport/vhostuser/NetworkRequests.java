// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

/**
 * What a front-end asks of a network device beside the rings: implemented by the device or its backend, and given
 * to {@link VhostUserServerBuilder#network}. Called on the thread of the connection; neither blocks nor throws.
 */
public interface NetworkRequests {

    /**
     * The guest arrived by a migration and does not say so itself: tell the network where it is, with a RARP
     * broadcast on its behalf. [{@code VHOST_USER_SEND_RARP}]
     *
     * @param macAddress the guest's, 6 bytes; the callee's
     */
    void announce(byte[] macAddress);

    /**
     * The front-end tells the MTU that the guest sees. [{@code VHOST_USER_NET_SET_MTU}]
     *
     * @param mtu bytes; 68 to 65535
     * @return whether the backend can carry packets of that size
     */
    boolean mtu(int mtu);
}
