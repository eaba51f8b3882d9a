// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/** A shell script that runs in the background of a guest. */
public final class GuestJob {

    private final GuestShell guest;
    private final String files;
    private final String script;

    private GuestJob(GuestShell guest, String files, String script) {
        this.guest = guest;
        this.files = files;
        this.script = script;
    }

    static GuestJob start(GuestShell guest, int number, String script) {
        String files = "/run/job-" + number;
        byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
        guest.run("""
            echo %2$s | base64 -d > %1$s
            {
                sh %1$s < /dev/null > %1$s.output 2>&1
                echo $? > %1$s.ending
                mv %1$s.ending %1$s.end
            } > /dev/null 2>&1 &
            """.formatted(files, Base64.getEncoder().encodeToString(bytes))).success();
        return new GuestJob(guest, files, script);
    }

    /** Whether it still runs. */
    public boolean running() {
        return guest.run("test -e %s.end".formatted(files)).status() != 0;
    }

    /** What it has written so far. */
    public String output() {
        return guest.run("cat " + outputFile()).success();
    }

    /** The file in the guest that has the output. */
    public String outputFile() {
        return files + ".output";
    }

    /** Waits for its end. */
    public CommandResult finish(Duration timeout) {
        CommandResult ended = guest.run("""
            while [ ! -e %1$s.end ]; do sleep 0.1; done
            cat %1$s.output
            exit $(cat %1$s.end)
            """.formatted(files), timeout);
        return new CommandResult(script, ended.output(), ended.status());
    }
}
