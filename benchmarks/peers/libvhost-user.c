// SPDX-License-Identifier: Apache-2.0
//
// The device's side of a split ring with QEMU's libvhost-user: what PopPushBenchmark measures of virtio4j.
// BURST chains are made available at once; the device takes each, visits the host address of every
// element, returns all device-writable bytes as written, and decides about one notification a burst.
//
// Each burst is timed by itself. Prints, for each shape, the time that a tenth of them stay below:
// libvhost-user SHAPE tenth N ns/chain

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "libvhost-user.h"

enum { BURST = 256, BURSTS = 100000, WARM_UP = 2000, MOST_DESCRIPTORS = 3 };

enum { RING = 0x1000, DRIVER_AREA = 0x10000, DEVICE_AREA = 0x20000, TABLES = 0x80000, BUFFERS = 0x100000 };
enum { TABLE_STRIDE = 256, BUFFER_STRIDE = 2048 };

static const size_t MEMORY_SIZE = 1UL << 30;

struct shape {
    const char *name;
    unsigned descriptors;
    bool indirect;
    uint32_t length[MOST_DESCRIPTORS];
    bool writable[MOST_DESCRIPTORS];
};

static const struct shape SHAPES[] = {
    {"1desc", 1, false, {1500}, {false}},
    {"2desc", 2, false, {1500, 1500}, {false, true}},
    {"3desc", 3, false, {16, 1500, 1}, {false, true, true}},
    {"3ind", 3, true, {16, 1500, 1}, {false, true, true}},
};

static void device_broken(VuDev *device, const char *reason) {
    (void)device;
    fprintf(stderr, "libvhost-user: %s\n", reason);
    exit(1);
}

static void describe(struct vring_desc *table, unsigned at, const struct shape *shape, unsigned chain, unsigned d) {
    bool last = d + 1 == shape->descriptors;
    table[at].addr = BUFFERS + (uint64_t)(chain * shape->descriptors + d) * BUFFER_STRIDE;
    table[at].len = shape->length[d];
    table[at].flags = (last ? 0 : VRING_DESC_F_NEXT) | (shape->writable[d] ? VRING_DESC_F_WRITE : 0);
    table[at].next = at + 1;
}

static void prepare_ring(VuVirtq *queue, char *memory, const struct shape *shape) {
    unsigned slots = shape->indirect ? 1 : shape->descriptors;
    unsigned size = BURST;
    while (size < BURST * slots) {
        size *= 2;
    }
    queue->vring.num = size;
    queue->vring.desc = (struct vring_desc *)(memory + RING);
    queue->vring.avail = (struct vring_avail *)(memory + DRIVER_AREA);
    queue->vring.used = (struct vring_used *)(memory + DEVICE_AREA);
    for (unsigned chain = 0; chain < BURST; chain++) {
        unsigned table = TABLES + chain * TABLE_STRIDE;
        for (unsigned d = 0; d < shape->descriptors; d++) {
            if (shape->indirect) {
                describe((struct vring_desc *)(memory + table), d, shape, chain, d);
            } else {
                describe(queue->vring.desc, chain * slots + d, shape, chain, d);
            }
        }
        if (shape->indirect) {
            struct vring_desc *head = &queue->vring.desc[chain];
            head->addr = table;
            head->len = shape->descriptors * sizeof(struct vring_desc);
            head->flags = VRING_DESC_F_INDIRECT;
        }
    }
    for (unsigned i = 0; i < size; i++) {
        queue->vring.avail->ring[i] = i % BURST * slots;
    }
}

static void start_device(VuDev *device, VuDevRegion *region, VuVirtq *queue, char *memory) {
    region->size = MEMORY_SIZE;
    region->mmap_addr = (uintptr_t)memory;
    device->regions = region;
    device->nregions = 1;
    device->vq = queue;
    device->max_queues = 1;
    device->panic = device_broken;
    device->features = 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_RING_F_EVENT_IDX
        | 1ULL << VIRTIO_RING_F_INDIRECT_DESC;
    queue->call_fd = eventfd(0, EFD_NONBLOCK);
    queue->kick_fd = -1;
    queue->err_fd = -1;
    queue->enable = 1;
    queue->started = 1;
    queue->notification = 1;
}

static uintptr_t visited;

static unsigned serve_burst(VuDev *device, VuVirtq *queue) {
    unsigned chains = 0;
    VuVirtqElement *chain;
    while ((chain = vu_queue_pop(device, queue, sizeof *chain)) != NULL) {
        unsigned written = 0;
        for (unsigned i = 0; i < chain->out_num; i++) {
            visited += (uintptr_t)chain->out_sg[i].iov_base;
        }
        for (unsigned i = 0; i < chain->in_num; i++) {
            visited += (uintptr_t)chain->in_sg[i].iov_base;
            written += chain->in_sg[i].iov_len;
        }
        vu_queue_push(device, queue, chain, written);
        free(chain);
        chains++;
    }
    vu_queue_notify(device, queue);
    return chains;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t burst_nanoseconds(VuDev *device, VuVirtq *queue, uint16_t *index) {
    int64_t begin = now();
    *index += BURST;
    __atomic_store_n(&queue->vring.avail->idx, *index, __ATOMIC_RELEASE);
    if (serve_burst(device, queue) != BURST) {
        device_broken(device, "a burst was not used");
    }
    return now() - begin;
}

static int ascending(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int64_t times[BURSTS];

static void measure(const struct shape *shape, char *memory) {
    VuDev device = {0};
    VuDevRegion region = {0};
    VuVirtq queue = {0};
    uint16_t index = 0;
    memset(memory, 0, BUFFERS);
    start_device(&device, &region, &queue, memory);
    prepare_ring(&queue, memory, shape);
    for (int burst = 0; burst < WARM_UP; burst++) {
        burst_nanoseconds(&device, &queue, &index);
    }
    for (int burst = 0; burst < BURSTS; burst++) {
        times[burst] = burst_nanoseconds(&device, &queue, &index);
    }
    qsort(times, BURSTS, sizeof times[0], ascending);
    printf("libvhost-user %s tenth %.1f ns/chain\n", shape->name, (double)times[BURSTS / 10] / BURST);
}

int main(void) {
    char *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        measure(&SHAPES[i], memory);
    }
    return visited == 0;
}
