// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

/** {@code enum virtio_gpu_ctrl_type}. [Device Operation: Request header] */
final class ControlType {

    // 2d commands
    static final int GET_DISPLAY_INFO = 0x0100;
    static final int RESOURCE_CREATE_2D = 0x0101;
    static final int RESOURCE_UNREF = 0x0102;
    static final int SET_SCANOUT = 0x0103;
    static final int RESOURCE_FLUSH = 0x0104;
    static final int TRANSFER_TO_HOST_2D = 0x0105;
    static final int RESOURCE_ATTACH_BACKING = 0x0106;
    static final int RESOURCE_DETACH_BACKING = 0x0107;
    static final int GET_CAPSET_INFO = 0x0108;
    static final int GET_CAPSET = 0x0109;
    static final int GET_EDID = 0x010A;
    static final int RESOURCE_ASSIGN_UUID = 0x010B;
    static final int RESOURCE_CREATE_BLOB = 0x010C;
    static final int SET_SCANOUT_BLOB = 0x010D;

    // 3d commands
    static final int CTX_CREATE = 0x0200;
    static final int CTX_DESTROY = 0x0201;
    static final int CTX_ATTACH_RESOURCE = 0x0202;
    static final int CTX_DETACH_RESOURCE = 0x0203;
    static final int RESOURCE_CREATE_3D = 0x0204;
    static final int TRANSFER_TO_HOST_3D = 0x0205;
    static final int TRANSFER_FROM_HOST_3D = 0x0206;
    static final int SUBMIT_3D = 0x0207;
    static final int RESOURCE_MAP_BLOB = 0x0208;
    static final int RESOURCE_UNMAP_BLOB = 0x0209;

    // cursor commands
    static final int UPDATE_CURSOR = 0x0300;
    static final int MOVE_CURSOR = 0x0301;

    // success responses
    static final int OK_NODATA = 0x1100;
    static final int OK_DISPLAY_INFO = 0x1101;
    static final int OK_CAPSET_INFO = 0x1102;
    static final int OK_CAPSET = 0x1103;
    static final int OK_EDID = 0x1104;
    static final int OK_RESOURCE_UUID = 0x1105;
    static final int OK_MAP_INFO = 0x1106;

    // error responses
    static final int ERR_UNSPEC = 0x1200;
    static final int ERR_OUT_OF_MEMORY = 0x1201;
    static final int ERR_INVALID_SCANOUT_ID = 0x1202;
    static final int ERR_INVALID_RESOURCE_ID = 0x1203;
    static final int ERR_INVALID_CONTEXT_ID = 0x1204;
    static final int ERR_INVALID_PARAMETER = 0x1205;

    /** Not of the protocol: a response with data was written already. */
    static final int ANSWERED = 0;

    private ControlType() {}
}
