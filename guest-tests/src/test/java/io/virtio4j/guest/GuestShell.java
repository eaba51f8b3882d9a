// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.time.Duration;
import java.util.List;

/** A Linux kernel that runs shell scripts, whatever it runs on. */
interface GuestShell {

    /** How long an ordinary command may take on a slow, busy machine. */
    Duration PATIENCE = Duration.ofSeconds(60);

    /** {@link #run(String, Duration)} with {@link #PATIENCE}. */
    default CommandResult run(String script) {
        return run(script, PATIENCE);
    }

    /**
     * Runs a shell script in a shell of its own and waits for its end. Whatever it leaves running in the background
     * must have its output somewhere else.
     *
     * @throws GuestFailure if it does not end in time, or if the guest ends
     */
    CommandResult run(String script, Duration timeout);

    /** Starts a shell script in the background, so that the test can act while it runs. */
    GuestJob start(String script);

    /** What the kernel complained of so far: warnings, I/O errors, hung tasks. */
    List<String> complaints();

    /** A line of the guest's {@code /proc/meminfo}, in bytes. */
    default long memory(String what) {
        return Long.parseLong(run("sed -n 's/^" + what + ": *\\([0-9]*\\) kB/\\1/p' /proc/meminfo").success().strip())
            << 10;
    }

    /** How many bytes of the guest's memory the host holds now. */
    long residentBytes();
}
