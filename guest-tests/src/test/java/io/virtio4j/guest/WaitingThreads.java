// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What threads wait for, when a guest does not go on: those of QEMU, and of this process, which serves its devices. */
final class WaitingThreads {

    private WaitingThreads() {}

    static String of(Process guest) {
        return "---- threads of QEMU: state, system call and its arguments, where in the kernel, processor time\n"
            + ofProcess(guest) + "---- threads of the servers\n" + ofThisProcess();
    }

    private static String ofProcess(Process guest) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(guest.pid()), "task"))) {
            return threads.sorted().map(WaitingThreads::ofThread).collect(Collectors.joining());
        } catch (IOException gone) {
            return "gone\n";
        }
    }

    private static String ofThread(Path thread) {
        String[] stat = read(thread, "stat").replaceFirst(".*\\) ", "").split(" ");
        return "%s %s: %s, %s, %s, %s+%s ticks%n".formatted(thread.getFileName(), read(thread, "comm"), stat[0],
            read(thread, "syscall"), read(thread, "wchan"), stat.length > 12 ? stat[11] : "", stat.length > 12
                ? stat[12] : "");
    }

    private static String read(Path thread, String what) {
        try {
            return Files.readString(thread.resolve(what)).strip();
        } catch (IOException unreadable) {
            return "?";
        }
    }

    private static String ofThisProcess() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
            Thread thread = entry.getKey();
            text.append(thread.getName()).append(": ").append(thread.getState()).append('\n');
            for (StackTraceElement element : entry.getValue()) {
                text.append("    ").append(element).append('\n');
            }
        }
        return text.toString();
    }
}
