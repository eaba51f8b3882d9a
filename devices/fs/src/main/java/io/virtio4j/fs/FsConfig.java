// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_fs_config}. [File System Device / Device configuration layout] */
final class FsConfig {

    static final int TAG_LENGTH = 36;

    static final StructLayout LAYOUT = StructLayout.of("virtio_fs_config");

    static final int TAG = LAYOUT.bytes("tag", TAG_LENGTH); // UTF-8, padded with zeroes
    static final Le32 NUM_REQUEST_QUEUES = LAYOUT.le32("num_request_queues");
    static final Le32 NOTIFY_BUF_SIZE = LAYOUT.le32("notify_buf_size"); // with NOTIFICATION

    static final int SIZE = LAYOUT.size(44);

    private FsConfig() {}
}
