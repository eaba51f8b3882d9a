// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.FsCounter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * What real programs do with a directory of the host that is mounted in a guest, and what of it the host sees: the same
 * for every device that claims to share one. virtiofsd passes all of it, see {@link ReferenceFileSystemGuestTest}.
 */
final class FileSystemWork {

    /** Where the directory is mounted in the guest. */
    static final String MOUNT_POINT = "/mnt";

    private static final Duration LONG = Duration.ofMinutes(5);

    private final GuestShell guest;
    private final SharedDirectory shared;
    private final String directory;
    private final GuestReport.Row row;

    /**
     * Works on a directory.
     *
     * @param directory its name in the shared one
     */
    FileSystemWork(GuestShell guest, SharedDirectory shared, String directory, GuestReport.Row row) {
        this.guest = guest;
        this.shared = shared;
        this.directory = directory;
        this.row = row;
    }

    /** Mounts it, with options of mount such as {@code dax}, or an empty text. */
    void mount(String tag, String options) {
        row.step("mount");
        mount(tag, options, MOUNT_POINT);
    }

    private void mount(String tag, String options, String where) {
        guest.run("mkdir -p %3$s && mount -t virtiofs %2$s %1$s %3$s"
            .formatted(tag, options.isEmpty() ? "" : "-o " + options, where)).success();
    }

    void unmount() {
        guest.run("umount " + MOUNT_POINT).success();
    }

    /** Runs a script of the guest's in the directory, which must succeed. */
    private String inGuest(String script) {
        return guest.run("set -e; cd %s\n%s".formatted(MOUNT_POINT, script), LONG).success();
    }

    /** Runs a script of the host's in the directory, which must succeed. */
    private String onHost(String script) {
        return shared.run("sh", "-ec", "cd %s\n%s".formatted(shared.inside(directory), script));
    }

    /** Everything that every device is asked for. */
    void useForEverything() throws IOException {
        copyTrees();
        archive();
        useFilesAndData();
    }

    /** The same without many files. */
    void useFilesAndData() throws IOException {
        useNames();
        useOpenFiles();
        setAttributes();
        changeOwners();
        lock();
        verify("--ioengine=psync --rw=randwrite --bsrange=4k-64k --size=4m --direct=0 --numjobs=2");
        verify("--ioengine=libaio --rw=randrw --bs=16k --size=4m --direct=1 --iodepth=16");
        operate(1, 500);
    }

    /** What is in a tree: the sum of each file, and what links say. */
    private static final String LIST = """
        find etc usr -type f -print0 | sort -z | xargs -0 sha256sum
        find etc usr -type l | sort | xargs ls -l | awk '{ print $(NF - 2), $NF }'
        """;

    /** A tree of libraries and links is copied in and out, and is the same on both sides. */
    void copyTrees() {
        row.step("trees");
        String there = inGuest("""
            mkdir -p tree/usr/bin
            cp -a /etc tree/
            cp -a /usr/lib tree/usr/
            cp -a /usr/bin/[a-c]* tree/usr/bin/
            cd tree
            """ + LIST);
        assertTrue(there.lines().count() > 30, there);
        assertEquals(there, onHost("cd tree; " + LIST), "the host sees it");
        onHost("cp -a tree again");
        assertEquals(there, inGuest("cp -a again /tmp/out; cd /tmp/out; " + LIST + "rm -r /tmp/out"), "and back");
        inGuest("rm -r again");
        assertEquals("tree", onHost("ls"));
    }

    /** An archive is written and unpacked where it is. */
    void archive() {
        row.step("archive");
        String there = inGuest("""
            rm tree/usr/bin/busybox
            tar -cf tree.tar -C tree etc usr
            mkdir unpacked
            tar -xf tree.tar -C unpacked
            cd unpacked
            """ + LIST);
        assertEquals(there, onHost("cd tree; " + LIST));
        onHost("tar -df tree.tar -C unpacked");
        inGuest("rm -r unpacked tree tree.tar");
    }

    /** A file is written, copied and looked at from both sides. */
    void copyBytes(int count) {
        row.step("copy");
        String sum = inGuest("""
            head -c %d /dev/urandom > first
            cp first second
            cmp first second
            sync
            sha256sum second""".formatted(count));
        assertEquals(sum, onHost("cmp first second; sha256sum second; echo x >> first"));
        guest.run("sleep 1.2"); // what is cached expires
        assertEquals(Integer.toString(count + 2), inGuest("stat -c %s first; rm first second"));
    }

    /** What was read is not read from the device again, and a listing not listed, before the host changes something. */
    void readAgain(ServedFileSystem served) {
        row.step("cache");
        String read = "cat file | sha256sum; ls -1 names\n";
        onHost("mkdir names; touch names/a names/b; head -c 1000000 /dev/urandom > file");
        String before = inGuest(read + read);
        assertEquals(onHost(read + read), before);
        assertEquals(1_000_000, served.count(FsCounter.READ_BYTES), "read once");
        onHost("touch names/c; head -c 1000000 /dev/urandom > file");
        guest.run("sleep 1.2"); // the driver looks at sizes and times again
        assertEquals(onHost(read), inGuest(read));
        assertEquals(2_000_000, served.count(FsCounter.READ_BYTES), "read again");
        inGuest("rm -r file names");
    }

    /** Names of any bytes, links of both kinds, renames over what is there. */
    void useNames() {
        row.step("names");
        String odd = "$(printf '\\377\\376 \\n\\001')";
        inGuest("""
            echo odd > "%1$s"
            mkdir "d-%1$s"
            echo target > target
            ln target hard
            ln -s target soft
            ln -s /etc/passwd absolute
            [ "$(stat -c %%h hard)" = 2 ]
            [ "$(cat soft)" = target ]
            echo new > temporary
            mv temporary target
            [ "$(cat target hard)" = "$(printf 'new\\ntarget')" ]
            mkfifo fifo
            (echo through > fifo &) ; [ "$(cat fifo)" = through ]
            mkdir -p a/b/c; mv a/b/c a/d; rmdir a/b a/d a
            for i in $(seq 200); do : > file$i; done
            [ "$(ls | grep -c '^file')" = 200 ]
            """.formatted(odd));
        onHost("""
            [ "$(cat "%1$s")" = odd ]
            [ -d "d-%1$s" ]
            [ "$(cat target hard)" = "$(printf 'new\\ntarget')" ]
            [ "$(readlink absolute)" = /etc/passwd ]
            [ -p fifo ]
            [ "$(ls | grep -c '^file')" = 200 ]
            rm -f file*
            """.formatted(odd));
        guest.run("sleep 1.2"); // what is cached expires
        inGuest("! ls | grep -q '^file'; rm -r *");
        assertEquals("", onHost("ls"));
    }

    /** Files that are removed, replaced, appended to and cut while they are open. */
    void useOpenFiles() {
        row.step("open files");
        assertEquals("one\ntwo", inGuest("""
            exec 3<>open
            echo one >&3
            rm open
            echo two >&3
            cat /proc/self/fd/3
            exec 3>&-
            """));
        assertEquals("", onHost("ls"));
        inGuest("""
            echo 12345 > cut
            exec 3>>cut
            echo 678 >&3
            truncate -s 2 cut
            echo end >&3
            [ "$(cat cut)" = 12end ]
            exec 3>&-
            truncate -s 10737418240 sparse
            [ "$(stat -c %s sparse)" = 10737418240 ]
            [ "$(stat -c %b sparse)" = 0 ]
            dd if=/dev/zero of=sparse bs=4k count=1 seek=1000 conv=notrunc 2>/dev/null
            fallocate -p -o 4096000 -l 4096 sparse
            sync
            """);
        onHost("[ \"$(stat -c %b sparse)\" -le 8 ]; [ \"$(cat cut)\" = 12end ]");
        inGuest("rm cut sparse");
    }

    /** Extended attributes and times. */
    void setAttributes() {
        row.step("attributes");
        inGuest("""
            echo x > file
            setfattr -n user.color -v blue file
            setfattr -n user.gone -v x file
            setfattr -x user.gone file
            [ "$(getfattr --only-values -n user.color file)" = blue ]
            ! getfattr -n user.gone file 2>/dev/null
            touch -d '2001-02-03 04:05:06' file
            chmod 4751 file
            """);
        assertEquals("blue", onHost("getfattr --only-values -n user.color file"));
        assertEquals("4751 981173106", onHost("stat -c '%a %Y' file"));
        inGuest("rm file");
    }

    /** Owners; and what a file loses that another user writes. */
    void changeOwners() {
        row.step("owners");
        inGuest("""
            nobody='setpriv --reuid 65534 --regid 65533 --clear-groups'
            chmod 777 .
            $nobody sh -c 'echo x > theirs; mkdir their-dir'
            echo x > ours; chown 1234:5678 ours
            echo x > program; chmod 6777 program; $nobody sh -c 'echo y >> program'
            [ "$(stat -c %a program)" = 777 ]
            chmod 6777 program; echo z >> program
            [ "$(stat -c %a program)" = 6777 ]
            chmod 6777 program; chown 77 program
            [ "$(stat -c %a program)" = 777 ]
            """);
        assertEquals("65534 65533\n65534 65533\n1234 5678\n77 0",
            onHost("stat -c '%u %g' theirs their-dir ours program"));
        inGuest("rm -r theirs their-dir ours program");
    }

    /** Locks of two processes of the guest, and of one of the guest and one of the host. */
    void lock() {
        row.step("locks");
        inGuest("""
            echo x > lock
            for kind in '' --fcntl; do
                rm -f /tmp/held /tmp/end
                flock $kind lock sh -c 'touch /tmp/held; while [ ! -e /tmp/end ]; do sleep 0.05; done' &
                while [ ! -e /tmp/held ]; do sleep 0.05; done
                ! flock $kind -n -s lock true
                (sleep 0.3; touch /tmp/end) &
                flock $kind lock true
                [ -e /tmp/end ]
                wait
            done
            """);
        inGuest("rm lock");
    }

    /** The same against a process of the host, where the device promises that. */
    void lockAgainstHost() throws IOException, InterruptedException {
        row.step("locks of the host");
        inGuest("echo x > lock");
        for (String kind : new String[] {"", "--fcntl"}) {
            guest.run("rm -f /tmp/held /tmp/end");
            GuestJob holder = guest.start("""
                flock %s %s/lock sh -c 'touch /tmp/held; while [ ! -e /tmp/end ]; do sleep 0.05; done'
                """.formatted(kind, MOUNT_POINT));
            guest.run("while [ ! -e /tmp/held ]; do sleep 0.05; done").success();
            onHost("! flock -n %s lock true; ! flock -n -s %s lock true".formatted(kind, kind));
            guest.run("touch /tmp/end");
            holder.finish(LONG).success();
            onHost("flock %s lock true".formatted(kind));

            Process host = new ProcessBuilder("chroot", shared.tree().toString(), "sh", "-c",
                "cd %s; exec flock %s lock sh -c 'echo held; exec cat'".formatted(shared.inside(directory), kind))
                .redirectErrorStream(true).start();
            assertEquals("held", host.inputReader().readLine());
            inGuest("! flock -n %s lock true".formatted(kind));
            GuestJob waiting = guest.start("flock %s %s/lock true".formatted(kind, MOUNT_POINT));
            assertTrue(waiting.running());
            host.getOutputStream().close();
            assertTrue(host.waitFor(10, TimeUnit.SECONDS));
            waiting.finish(LONG).success();
        }
        inGuest("rm lock");
    }

    private static final String GIT = """
        export HOME=/tmp GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        printf '[init]\\ndefaultBranch=main\\n[gc]\\nauto=0\\n[maintenance]\\nauto=false\\n' > /tmp/.gitconfig
        git init -q first; cd first
        """;

    /**
     * A repository is made, cloned and looked through, and programs are compiled and run where they are made, with git
     * and a compiler of a Debian tree that is mounted read-only beside it.
     *
     * @param tree the tag of the tree
     * @param options that it is mounted with, or an empty text
     */
    void develop(String tree, String options) {
        mountTools(tree, options);
        row.step("git");
        inTools(GIT + """
            for i in $(seq 40); do echo "int f$i(int x) { return x + $i; }" > f$i.c; done
            git add .; git commit -q -m one
            echo "int main(void) { int f1(int), f40(int); return f1(1) + f40(2) - 44; }" > main.c
            git add .; git commit -q -m two
            cd ..; git clone -q --no-hardlinks first second; cd second
            git fsck --strict --full; [ "$(git log --oneline | wc -l)" = 2 ]; [ -z "$(git status --porcelain)" ]
            """);
        row.step("compiler");
        inTools("""
            cd second; gcc -O1 -c f1.c f40.c main.c; gcc -o program f1.o f40.o main.o
            ./program; [ "$(nm program | grep -c ' T f')" = 2 ]
            """);
        finishDevelopment();
    }

    /** The same for a slow processor: one commit, and one compilation. */
    void developLittle(String tree, String options) {
        mountTools(tree, options);
        row.step("git");
        inTools(GIT + """
            echo "int main(void) { return 0; }" > main.c
            git add .; git commit -q -m one
            cd ..; git clone -q --no-hardlinks first second; cd second
            git fsck --strict --full
            """);
        row.step("compiler");
        inTools("cd second; gcc -o program main.c; ./program");
        finishDevelopment();
    }

    private void mountTools(String tree, String options) {
        row.step("tools of the host");
        mount(tree, options, "/tools");
        guest.run("""
            ! touch /tools/new 2>/dev/null
            mount -t tmpfs none /tools/tmp && mkdir /tools/tmp/w
            mount --bind %s /tools/tmp/w && mount --bind /dev /tools/dev
            """.formatted(MOUNT_POINT)).success();
    }

    private void finishDevelopment() {
        onHost("cd second; git -c safe.directory='*' fsck --strict --full; ./program; cd ..; rm -r first second");
        guest.run("umount /tools/dev /tools/tmp/w /tools/tmp /tools").success();
    }

    private void inTools(String script) {
        String whole = Base64.getEncoder().encodeToString(("cd /tmp/w\n" + script).getBytes(UTF_8));
        // With its path: for a name alone, busybox would start /proc/self/exe, which may be the server's there.
        guest.run("""
            echo %s | base64 -d > /tools/tmp/script
            chroot /tools /bin/sh -e /tmp/script
            """.formatted(whole), LONG).success();
    }

    /** Runs fio, which must find every block as it wrote it. */
    void verify(String options) {
        row.step("fio " + options);
        inGuest("""
            fio --name=verify --directory=%s %s --group_reporting --eta=never --verify=crc32c --verify_fatal=1 \
                --do_verify=1 --fallocate=none
            rm verify.*
            """.formatted(MOUNT_POINT, options));
    }

    /** Random operations on a file; the host finds what the guest says that it is in the end. */
    String operate(long seed, int operations) throws IOException {
        return operate(seed, operations, 0);
    }

    /** The same for so many seconds. */
    String operate(long seed, int operations, int seconds) throws IOException {
        row.step("random operations, seed " + seed);
        String last = guest.run("fileops %s/operations %d %d %d".formatted(MOUNT_POINT, seed, operations, seconds),
            LONG.plusSeconds(seconds)).success();
        byte[] content = Files.readAllBytes(shared.path(directory).resolve("operations"));
        long sum = 0xcbf29ce484222325L;
        for (byte b : content) {
            sum = (sum ^ Byte.toUnsignedInt(b)) * 0x100000001b3L;
        }
        assertTrue(last.endsWith("size=%d sum=%016x".formatted(content.length, sum)),
            () -> "seed=" + seed + " guest: " + last + " host: size=" + content.length);
        inGuest("rm operations");
        return last;
    }

    /** Everything that goes through a DAX window, mounted with {@code dax=always}: more data than 16 MiB of window. */
    void useWindow() throws IOException {
        useOpenFiles();
        copyBytes(12_000_001);
        verify("--ioengine=mmap --rw=randwrite --bsrange=4k-64k --size=10m --direct=0 --numjobs=2");
        verify("--ioengine=psync --rw=randrw --bsrange=512-64k --size=24m --direct=0");
        operate(3, 500);
    }

    /** A disk that is full, on a small file system of the host. */
    void fill(long bytes) {
        row.step("full disk");
        inGuest("""
            ! dd if=/dev/zero of=big bs=64k 2> /tmp/errors
            grep -q 'No space left' /tmp/errors
            [ "$(df -k . | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)" -le 64 ]
            rm big
            dd if=/dev/zero of=half bs=64k count=%d 2> /dev/null
            sync
            rm half
            """.formatted(bytes / 2 / 65_536));
    }

    /** The host's directory. */
    Path host() {
        return shared.path(directory);
    }
}
