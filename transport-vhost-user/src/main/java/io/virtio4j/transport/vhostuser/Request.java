// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static io.virtio4j.transport.vhostuser.ProtocolFeature.BACKEND_REQ;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.CONFIG;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.CONFIGURE_MEM_SLOTS;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.INFLIGHT_SHMFD;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.LOG_SHMFD;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.NET_MTU;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.RARP;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.SHMEM;
import static io.virtio4j.transport.vhostuser.ProtocolFeature.STATUS;

import org.jspecify.annotations.Nullable;

/** What a front-end asks for, and what may come with it. [Front-end message types] */
enum Request {
    GET_FEATURES(1, 0),
    SET_FEATURES(2, 8),
    SET_OWNER(3, 0),
    RESET_OWNER(4, 0),
    SET_MEM_TABLE(5, Request.VARIABLE, MemoryTable.MOST_IN_MESSAGE),
    SET_LOG_BASE(6, 16, 1, LOG_SHMFD),
    SET_LOG_FD(7, 0, 1),
    SET_VRING_NUM(8, 8),
    SET_VRING_ADDR(9, 40),
    SET_VRING_BASE(10, 8),
    GET_VRING_BASE(11, 8),
    SET_VRING_KICK(12, 8, 1),
    SET_VRING_CALL(13, 8, 1),
    SET_VRING_ERR(14, 8, 1),
    GET_PROTOCOL_FEATURES(15, 0),
    SET_PROTOCOL_FEATURES(16, 8),
    GET_QUEUE_NUM(17, 0),
    SET_VRING_ENABLE(18, 8),
    SEND_RARP(19, 8, 0, RARP),
    NET_SET_MTU(20, 8, 0, NET_MTU),
    SET_BACKEND_REQ_FD(21, 0, 1, BACKEND_REQ),
    GET_CONFIG(24, Request.VARIABLE, 0, CONFIG),
    SET_CONFIG(25, Request.VARIABLE, 0, CONFIG),
    GET_INFLIGHT_FD(31, Request.VARIABLE, 0, INFLIGHT_SHMFD),
    SET_INFLIGHT_FD(32, Request.VARIABLE, 1, INFLIGHT_SHMFD),
    RESET_DEVICE(34, 0, 0, ProtocolFeature.RESET_DEVICE),
    GET_MAX_MEM_SLOTS(36, 0, 0, CONFIGURE_MEM_SLOTS),
    ADD_MEM_REG(37, 40, 1, CONFIGURE_MEM_SLOTS),
    REM_MEM_REG(38, 40, 1, CONFIGURE_MEM_SLOTS),
    SET_STATUS(39, 8, 0, STATUS),
    GET_STATUS(40, 0, 0, STATUS),
    SET_DEVICE_STATE_FD(42, 8, 1, ProtocolFeature.DEVICE_STATE),
    CHECK_DEVICE_STATE(43, 0, 0, ProtocolFeature.DEVICE_STATE),
    GET_SHMEM_CONFIG(44, 0, 0, SHMEM);

    /** The payload says itself how long it is. */
    static final int VARIABLE = -1;

    private static final @Nullable Request[] BY_NUMBER = new @Nullable Request[45];

    static {
        for (Request request : values()) {
            BY_NUMBER[request.number] = request;
        }
    }

    final int number;

    /** Bytes, or {@link #VARIABLE}. */
    final int payload;

    /** How many may come. */
    final int mostDescriptors;

    /** What has to be negotiated before it may be sent. */
    final @Nullable ProtocolFeature requires;

    Request(int number, int payload) {
        this(number, payload, 0);
    }

    Request(int number, int payload, int mostDescriptors) {
        this(number, payload, mostDescriptors, null);
    }

    Request(int number, int payload, int mostDescriptors, @Nullable ProtocolFeature requires) {
        this.number = number;
        this.payload = payload;
        this.mostDescriptors = mostDescriptors;
        this.requires = requires;
    }

    /** The request with a number; {@code null} if no server knows it. */
    static @Nullable Request of(long number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[(int) number] : null;
    }
}
