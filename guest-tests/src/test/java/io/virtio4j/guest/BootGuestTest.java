// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guest by itself: no device of ours, so that a failure here is not a device's. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class BootGuestTest {

    @ParameterizedTest
    @EnumSource
    void boots_to_the_prompt_and_powers_off(GuestKernel kernel, GuestReport.Row row) {
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("boot-" + kernel).kernel(kernel)
                 .processors(2).start()) {
            row.note("%s, prompt after %.1f s"
                .formatted(guest.release(), guest.bootTime().toMillis() / 1e3));

            assertEquals(guest.release(), guest.run("uname -r").success());
            assertEquals("2", guest.run("nproc").success());
            assertTrue(guest.run("ls /sys/bus/virtio/drivers").success().contains("virtio_blk"));
            guest.powerOff();

            assertFalse(guest.alive());
            assertEquals(List.of(), guest.complaints());
        }
    }

    @Test
    void commands_answer_with_output_and_status() {
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("commands").start()) {
            assertEquals(new CommandResult("echo a; echo b >&2; exit 7", "a\nb", 7),
                guest.run("echo a; echo b >&2; exit 7"));
            assertEquals("two\nlines", guest.run("""
                cat <<END
                two
                lines
                END
                """).success());
            assertEquals("grüße", guest.run("printf 'grüße'").success());
            assertEquals(1_000_000,
                guest.run("yes 0123456789 | head -c 1000000").output().length());

            GuestJob job = guest.start(
                "echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; echo ended; exit 3");
            assertTrue(job.running());
            guest.run("touch /tmp/go").success();
            CommandResult ended = job.finish(LinuxGuest.PATIENCE);
            assertEquals("begun\nended", ended.output());
            assertEquals(3, ended.status());
        }
    }

    @Test
    void a_command_arrives_whole_while_jobs_end() {
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("orphans").start()) {
            guest.run("""
                mkfifo /tmp/go
                sh -c 'read -r line < /tmp/go' > /dev/null 2>&1 &
                echo $! > /tmp/job
                sh -c '
                    exec < /dev/ttyS0
                    echo the job runs > /dev/console
                    read -r line
                    echo > /tmp/go
                    while grep -q "^State:.[^Z]" /proc/$(cat /tmp/job)/status; do sleep 0.1; done
                    echo the job has ended > /dev/console
                ' > /dev/null 2>&1 &
                """).success();
            guest.awaitConsole("the job runs", LinuxGuest.PATIENCE);
            Runnable endJob = () -> {
                guest.type("end");
                guest.awaitConsole("the job has ended", LinuxGuest.PATIENCE);
            };

            assertEquals("whole", guest.run("echo whole", LinuxGuest.PATIENCE, endJob).success());
        }
    }

    @Test
    void a_command_without_end_fails_with_the_blocked_tasks() {
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("blocked").start()) {
            GuestFailure failure = assertThrows(GuestFailure.class,
                () -> guest.run("echo partial; sleep 1000", Duration.ofSeconds(2)));
            assertTrue(failure.getMessage().contains("partial"), failure::getMessage);
            assertTrue(failure.getMessage().contains("Show Blocked State"), failure::getMessage);
            assertTrue(failure.getMessage().contains("backtrace of all active CPUs"), failure::getMessage);
        }
    }

    @Test
    void a_kernel_panic_fails_at_once_with_the_console() {
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("panic").start()) {
            GuestFailure failure = assertThrows(GuestFailure.class,
                () -> guest.run("echo c > /proc/sysrq-trigger", Duration.ofMinutes(5)));
            assertTrue(failure.getMessage().contains("Kernel panic - not syncing: sysrq"),
                failure::getMessage);
            assertFalse(guest.complaints().isEmpty());
        }
    }

    @Test
    void qemu_that_does_not_start_fails_with_its_message() {
        try (SharedDirectory shared = SharedDirectory.create()) {
            LinuxGuest.Builder builder = LinuxGuest.builder(shared).name("refused")
                .vfioUserDevice(3, "nobody.sock");
            GuestFailure failure = assertThrows(GuestFailure.class, builder::start);
            assertTrue(failure.getMessage().contains("nobody.sock"), failure::getMessage);
        }
    }
}
