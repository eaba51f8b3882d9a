// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What real programs do with a disk in a guest: the same for every device that claims to be one.
 * QEMU's own disk passes all of it, see {@link ReferenceDiskGuestTest}.
 */
final class DiskWork {

    /** Where a file system is mounted in the guest. */
    static final String MOUNT_POINT = "/mnt";

    private static final Duration LONG = Duration.ofMinutes(5);

    private final GuestShell guest;
    private final String disk;

    /** Works on {@code /dev/DISK}. */
    DiskWork(GuestShell guest, String disk) {
        this.guest = guest;
        this.disk = disk;
    }

    /** A file of the disk in sysfs, such as {@code queue/discard_max_bytes}. */
    String attribute(String name) {
        return guest.run("cat /sys/block/%s/%s".formatted(disk, name)).success();
    }

    /** The name of the virtio device, such as {@code virtio0}. */
    String device() {
        return guest.run("basename $(readlink /sys/block/%s/device)".formatted(disk)).success();
    }

    /** Whether the driver accepted a feature bit. */
    boolean accepted(int feature) {
        String file = "/sys/bus/virtio/devices/%s/features".formatted(device());
        return guest.run("cat " + file).success().charAt(feature) == '1';
    }

    /** How many request queues the driver uses. */
    int queues() {
        return Integer.parseInt(guest.run("ls /sys/block/%s/mq | wc -l".formatted(disk)).success());
    }

    /** The disk's size in bytes as the guest sees it. */
    long bytes() {
        return Long.parseLong(guest.run("blockdev --getsize64 /dev/" + disk).success());
    }

    void makeFileSystem() {
        guest.run("mkfs.ext4 -q -F /dev/" + disk, LONG).success();
    }

    void mount() {
        guest.run("mount -t ext4 /dev/%s %s".formatted(disk, MOUNT_POINT), LONG).success();
    }

    void unmount() {
        guest.run("umount " + MOUNT_POINT, LONG).success();
    }

    /** Looks for damage of the file system, which must not be mounted. */
    void checkFileSystem() {
        guest.run("e2fsck -f -n /dev/" + disk, LONG).success();
    }

    /**
     * Makes a file system, writes and verifies on it, and looks for damage after the driver was unbound and bound;
     * returns what is in files that were left there: name and SHA-256 of each.
     */
    Map<String, String> useForFiles() {
        makeFileSystem();
        mount();
        verifyFiles();
        Map<String, String> sums = writeFiles(5, 100_000);
        unmount();
        rebind(5);
        checkFileSystem();
        return sums;
    }

    /** Writes files of random bytes into the file system; returns name and SHA-256 of each. */
    Map<String, String> writeFiles(int count, int bytes) {
        String sums = guest.run("""
            cd %s
            for i in $(seq %d); do head -c %d /dev/urandom > random-$i; done
            sync
            sha256sum random-*
            """.formatted(MOUNT_POINT, count, bytes), LONG).success();
        return sums(sums);
    }

    /** Reads lines as {@code sha256sum} writes them: file name to sum. */
    static Map<String, String> sums(String lines) {
        Map<String, String> sums = new LinkedHashMap<>();
        lines.lines().forEach(line -> {
            String[] words = line.split("\\s+");
            sums.put(words[1], words[0]);
        });
        return sums;
    }

    /**
     * Runs fio, which must find every block as it wrote it.
     *
     * @param target an option that says where, such as {@code --directory=/mnt}
     * @param options what to do, in fio's own words
     */
    void verify(String target, String options) {
        guest.run("""
            fio --name=verify %s %s --direct=1 --group_reporting --eta=never \
                --verify=crc32c --verify_fatal=1 --do_verify=1
            """.formatted(target, options), LONG).success();
    }

    /** Random writes through Linux's asynchronous I/O, several jobs and depths, then io_uring. */
    void verifyFiles() {
        String directory = "--directory=" + MOUNT_POINT;
        verify(directory, "--ioengine=libaio --rw=randwrite --bs=4k --size=4m --numjobs=4 "
            + "--iodepth=16");
        verify(directory, "--ioengine=libaio --rw=randwrite --bsrange=4k-128k --size=8m "
            + "--numjobs=2 --iodepth=64");
        verify(directory, "--ioengine=io_uring --rw=randrw --bs=16k --size=8m --numjobs=2 "
            + "--iodepth=32");
        verify(directory, "--ioengine=psync --rw=write --bs=1m --size=16m --fsync=4");
        guest.run("rm -f %s/verify.*".formatted(MOUNT_POINT)).success();
    }

    /** Takes the driver from the device and gives it back, as often as asked. */
    void rebind(int times) {
        guest.run("""
            device=%s
            for i in $(seq %d); do
                echo $device > /sys/bus/virtio/drivers/virtio_blk/unbind || exit 1
                [ ! -e /dev/%3$s ] || exit 2
                echo $device > /sys/bus/virtio/drivers/virtio_blk/bind || exit 3
                dd if=/dev/%3$s of=/dev/null bs=4096 count=1 iflag=direct 2> /dev/null || exit 4
            done
            """.formatted(device(), times, disk), LONG).success();
    }

    /**
     * Starts to write files of random bytes, each made durable before the job's output names it
     * with its sum, for {@link #sums}. Ends only with the guest.
     */
    GuestJob writeDurably() {
        return guest.start("""
            cd %s
            i=0
            while :; do
                i=$((i + 1))
                head -c 20000 /dev/urandom > durable-$i
                sync -d durable-$i || exit 1
                sync . || exit 1
                sha256sum durable-$i
            done
            """.formatted(MOUNT_POINT));
    }
}
