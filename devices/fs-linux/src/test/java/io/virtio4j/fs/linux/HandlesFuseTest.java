// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The contract, with so few descriptors that most files are known by handles. Needs root. */
@EnabledOnOs(OS.LINUX)
class HandlesFuseTest extends SmallFileSystemFuseTest {

    @Override
    HostDirectory.Builder choices(HostDirectory.Builder builder) {
        return builder.limit(12);
    }
}
