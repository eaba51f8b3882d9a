// SPDX-License-Identifier: Apache-2.0
//
// Does to a file what a random number says, and to a copy of it in memory, and compares the two.
//   fileops FILE SEED OPERATIONS [SECONDS]
// Ends after so many operations, or after so many seconds if that is later. Prints what the file is in the end: its
// length and a sum (FNV-1a, 64 bits). A difference is an exit with status 1 and the last operations.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST (512 * 1024)
#define PAGE 4096
#define KEPT 16

static unsigned char model[MOST], buffer[MOST];
static long size;
static int fd;
static const char *path;
static uint64_t state;
static char history[KEPT][128];
static unsigned long done;

static uint64_t draw(uint64_t below)
{
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static void fail(const char *what)
{
    printf("fileops: %s: errno=%d (%s) operations=%lu size=%ld\n", what, errno, strerror(errno), done, size);
    for (unsigned long i = done < KEPT ? 0 : done - KEPT; i <= done; i++)
        puts(history[i % KEPT]);
    exit(1);
}

static void note(const char *what, long offset, long length)
{
    snprintf(history[done % KEPT], sizeof history[0], "%lu %s offset=%ld length=%ld size=%ld", done, what, offset,
             length, size);
}

static void compare(const unsigned char *found, long offset, long length)
{
    for (long i = 0; i < length; i++) {
        if (found[i] != model[offset + i]) {
            printf("at %ld: %d instead of %d\n", offset + i, found[i], model[offset + i]);
            errno = 0;
            fail("different");
        }
    }
}

static void fill(long length)
{
    for (long i = 0; i < length; i++)
        buffer[i] = (unsigned char) draw(256);
}

static void grow(long end)
{
    if (end > size)
        size = end;
}

static void read_some(long offset, long length)
{
    long there = offset >= size ? 0 : length < size - offset ? length : size - offset;
    note("read", offset, length);
    if (pread(fd, buffer, (size_t) length, offset) != there)
        fail("read");
    compare(buffer, offset, there);
}

static void write_some(long offset, long length)
{
    note("write", offset, length);
    fill(length);
    if (pwrite(fd, buffer, (size_t) length, offset) != length)
        fail("write");
    memcpy(model + offset, buffer, (size_t) length);
    grow(offset + length);
}

static void truncate_to(long length)
{
    note("truncate", length, 0);
    if (ftruncate(fd, length) != 0)
        fail("truncate");
    if (length < size)
        memset(model + length, 0, (size_t) (size - length));
    size = length;
}

// Part of the file through a mapping: read, or written too.
static void map_some(long offset, long length, int writing)
{
    if (offset >= size)
        return;
    if (length > size - offset)
        length = size - offset;
    long begin = offset / PAGE * PAGE;
    note(writing ? "map and write" : "map and read", offset, length);
    unsigned char *at = mmap(NULL, (size_t) (offset - begin + length), PROT_READ | PROT_WRITE, MAP_SHARED, fd, begin);
    if (at == MAP_FAILED)
        fail("mmap");
    compare(at + (offset - begin), offset, length);
    if (writing) {
        fill(length);
        memcpy(at + (offset - begin), buffer, (size_t) length);
        memcpy(model + offset, buffer, (size_t) length);
        if (draw(2) && msync(at, (size_t) (offset - begin + length), MS_SYNC) != 0)
            fail("msync");
    }
    if (munmap(at, (size_t) (offset - begin + length)) != 0)
        fail("munmap");
}

static void allocate(int mode, long offset, long length, const char *what)
{
    note(what, offset, length);
    if (fallocate(fd, mode, offset, length) != 0) {
        if (errno == EOPNOTSUPP)
            return;
        fail("fallocate");
    }
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
        long end = offset + length > size && mode & FALLOC_FL_KEEP_SIZE ? size : offset + length;
        if (end > offset)
            memset(model + offset, 0, (size_t) (end - offset));
    }
    if (!(mode & FALLOC_FL_KEEP_SIZE))
        grow(offset + length);
}

static void copy_some(long offset, long length)
{
    long to = (long) draw(MOST / 2);
    off_t from = offset / 2, target = to + MOST / 2;
    if (from >= size || from + length > MOST / 2)
        return;
    if (length > MOST - target)
        length = MOST - target;
    note("copy", from, length);
    long begin = from, copied = copy_file_range(fd, &from, fd, &target, (size_t) length, 0);
    if (copied < 0)
        fail("copy_file_range");
    memmove(model + to + MOST / 2, model + begin, (size_t) copied);
    if (copied > 0)
        grow(to + MOST / 2 + copied);
}

static void open_again(void)
{
    note("open again", 0, 0);
    if (close(fd) != 0)
        fail("close");
    fd = open(path, O_RDWR);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        fail("open");
    if (status.st_size != size)
        fail("size");
}

static void operate(void)
{
    long offset = (long) draw(MOST - 1), length = 1 + (long) draw(draw(4) ? 8 * PAGE : 64);
    if (length > MOST - offset)
        length = MOST - offset;
    switch (draw(16)) {
    case 0: case 1: case 2: case 3: read_some(offset, length); break;
    case 4: case 5: case 6: case 7: write_some(offset, length); break;
    case 8: truncate_to(offset); break;
    case 9: map_some(offset, length, 0); break;
    case 10: map_some(offset, length, 1); break;
    case 11: allocate(draw(2) ? FALLOC_FL_KEEP_SIZE : 0, offset, length, "allocate"); break;
    case 12: allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length, "punch"); break;
    case 13: allocate(FALLOC_FL_ZERO_RANGE | (draw(2) ? FALLOC_FL_KEEP_SIZE : 0), offset, length, "zero"); break;
    case 14: copy_some(offset, length); break;
    default:
        if (draw(4))
            open_again();
        else if (fsync(fd) != 0)
            fail("fsync");
    }
    done++;
}

int main(int count, char **words)
{
    if (count < 4)
        return 2;
    path = words[1];
    state = strtoull(words[2], NULL, 10);
    unsigned long operations = strtoul(words[3], NULL, 10);
    time_t end = time(NULL) + (count > 4 ? atol(words[4]) : 0);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        fail("create");
    while (done < operations || time(NULL) < end)
        operate();
    read_some(0, MOST);
    uint64_t sum = 0xcbf29ce484222325u;
    for (long i = 0; i < size; i++)
        sum = (sum ^ model[i]) * 0x100000001b3u;
    if (fsync(fd) != 0 || close(fd) != 0)
        fail("close");
    printf("operations=%lu size=%ld sum=%016lx\n", done, size, sum);
    return 0;
}
