// SPDX-License-Identifier: Apache-2.0
//
// Shows a picture of known pixels on an output of the first graphics device, by ioctls alone:
//   pixels dumb OUTPUT WIDTHxHEIGHT     in a "dumb" buffer of the kernel's
//   pixels host OUTPUT WIDTHxHEIGHT     in a blob of the host's memory, mapped; 32 rows of it, since each access
//                                       to that memory is a message when the device is another process
// The pixel at x, y is red x, green y, blue 7x + 13y, each modulo 256. Prints "shown", then takes words from its
// standard input: "patch" paints 16 x 16 white pixels at 8, 8 and says so to the kernel; the end ends it.

#include <drm/drm.h>
#include <drm/drm_mode.h>
#include <drm/virtgpu_drm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define XRGB8888 0x34325258
#define CAPSET_CROSS_DOMAIN 5
#define MOST 64

static int card;

struct buffer {
    uint32_t handle, stride;
    volatile uint32_t *pixels;
};

static void fail(const char *what) {
    fprintf(stderr, "pixels: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void call(const char *what, unsigned long request, void *argument) {
    int result;
    do {
        result = ioctl(card, request, argument);
    } while (result < 0 && (errno == EINTR || errno == EAGAIN));
    if (result < 0)
        fail(what);
}

static void *map(uint64_t offset, size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, card, offset);
    if (memory == MAP_FAILED)
        fail("mmap");
    return memory;
}

static struct buffer dumb_buffer(uint32_t width, uint32_t height) {
    struct drm_mode_create_dumb create = {.width = width, .height = height, .bpp = 32};
    call("CREATE_DUMB", DRM_IOCTL_MODE_CREATE_DUMB, &create);
    struct drm_mode_map_dumb mapping = {.handle = create.handle};
    call("MAP_DUMB", DRM_IOCTL_MODE_MAP_DUMB, &mapping);
    return (struct buffer){create.handle, create.pitch, map(mapping.offset, create.size)};
}

static struct drm_virtgpu_resource_create_blob blob(uint32_t memory, uint32_t flags, uint64_t id, uint64_t size) {
    struct drm_virtgpu_resource_create_blob create = {
        .blob_mem = memory, .blob_flags = flags, .blob_id = id, .size = size};
    call("RESOURCE_CREATE_BLOB", DRM_IOCTL_VIRTGPU_RESOURCE_CREATE_BLOB, &create);
    return create;
}

static void *map_blob(uint32_t handle, size_t size) {
    struct drm_virtgpu_map mapping = {.handle = handle};
    call("VIRTGPU_MAP", DRM_IOCTL_VIRTGPU_MAP, &mapping);
    return map(mapping.offset, size);
}

static void submit(void *commands, uint32_t size, uint32_t ring_handle) {
    struct drm_virtgpu_execbuffer run = {
        .flags = VIRTGPU_EXECBUF_RING_IDX, .ring_idx = 0, .command = (uintptr_t)commands, .size = size,
        .bo_handles = (uintptr_t)&ring_handle, .num_bo_handles = 1};
    call("EXECBUFFER", DRM_IOCTL_VIRTGPU_EXECBUFFER, &run);
    struct drm_virtgpu_3d_wait wait = {.handle = ring_handle};
    while (ioctl(card, DRM_IOCTL_VIRTGPU_WAIT, &wait) < 0)
        if (errno != EBUSY && errno != EINTR && errno != EAGAIN)
            fail("WAIT");
}

// A context of the type cross-domain says what an image looks like; a blob of it is mapped.
static struct buffer host_buffer(uint32_t width, uint32_t height) {
    uint32_t capabilities[4] = {0};
    struct drm_virtgpu_get_caps get = {
        .cap_set_id = CAPSET_CROSS_DOMAIN, .size = sizeof capabilities, .addr = (uintptr_t)capabilities};
    call("GET_CAPS", DRM_IOCTL_VIRTGPU_GET_CAPS, &get);
    struct drm_virtgpu_context_set_param parameters[] = {
        {VIRTGPU_CONTEXT_PARAM_CAPSET_ID, CAPSET_CROSS_DOMAIN}, {VIRTGPU_CONTEXT_PARAM_NUM_RINGS, 1}};
    struct drm_virtgpu_context_init init = {.num_params = 2, .ctx_set_params = (uintptr_t)parameters};
    call("CONTEXT_INIT", DRM_IOCTL_VIRTGPU_CONTEXT_INIT, &init);

    struct drm_virtgpu_resource_create_blob ring =
        blob(VIRTGPU_BLOB_MEM_GUEST, VIRTGPU_BLOB_FLAG_USE_MAPPABLE, 0, 4096);
    volatile uint32_t *answer = map_blob(ring.bo_handle, 4096);
    uint32_t start[] = {1 | 20 << 16, 0, ring.res_handle, ring.res_handle, 0};
    submit(start, sizeof start, ring.bo_handle);
    uint32_t requirements[] = {2 | 24 << 16, 0, width, height, XRGB8888, 0};
    submit(requirements, sizeof requirements, ring.bo_handle);

    uint32_t size = answer[10];
    struct drm_virtgpu_resource_create_blob image = blob(VIRTGPU_BLOB_MEM_HOST3D,
        VIRTGPU_BLOB_FLAG_USE_MAPPABLE | VIRTGPU_BLOB_FLAG_USE_SHAREABLE, answer[12], size);
    printf("version %u stride %u size %u blob %u\n", capabilities[0], answer[0], size, answer[12]);
    return (struct buffer){image.bo_handle, answer[0], map_blob(image.bo_handle, size)};
}

static void paint(struct buffer buffer, uint32_t width, uint32_t rows) {
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < width; x++)
            buffer.pixels[y * (buffer.stride / 4) + x] =
                (x & 255) << 16 | (y & 255) << 8 | ((x * 7 + y * 13) & 255);
}

// Shows a framebuffer on the connector and the controller of that number.
static void show(uint32_t output, uint32_t width, uint32_t height, uint32_t framebuffer) {
    uint32_t connectors[MOST], crtcs[MOST], encoders[MOST], framebuffers[MOST];
    struct drm_mode_card_res resources = {
        .connector_id_ptr = (uintptr_t)connectors, .count_connectors = MOST,
        .crtc_id_ptr = (uintptr_t)crtcs, .count_crtcs = MOST,
        .encoder_id_ptr = (uintptr_t)encoders, .count_encoders = MOST,
        .fb_id_ptr = (uintptr_t)framebuffers, .count_fbs = MOST};
    call("GETRESOURCES", DRM_IOCTL_MODE_GETRESOURCES, &resources);
    struct drm_mode_modeinfo modes[MOST];
    struct drm_mode_get_connector connector = {
        .connector_id = connectors[output], .modes_ptr = (uintptr_t)modes, .count_modes = MOST,
        .encoders_ptr = (uintptr_t)encoders, .count_encoders = MOST};
    call("GETCONNECTOR", DRM_IOCTL_MODE_GETCONNECTOR, &connector);
    for (uint32_t i = 0; i < connector.count_modes; i++) {
        if (modes[i].hdisplay == width && modes[i].vdisplay == height) {
            struct drm_mode_crtc set = {
                .crtc_id = crtcs[output], .fb_id = framebuffer, .mode = modes[i], .mode_valid = 1,
                .set_connectors_ptr = (uintptr_t)&connectors[output], .count_connectors = 1};
            call("SETCRTC", DRM_IOCTL_MODE_SETCRTC, &set);
            return;
        }
    }
    errno = ENOENT;
    fail("no such mode");
}

static void patch(struct buffer buffer, uint32_t framebuffer) {
    for (int y = 8; y < 24; y++)
        for (int x = 8; x < 24; x++)
            buffer.pixels[y * (buffer.stride / 4) + x] = 0xFFFFFF;
    struct drm_clip_rect clip = {8, 8, 24, 24};
    struct drm_mode_fb_dirty_cmd dirty = {.fb_id = framebuffer, .num_clips = 1, .clips_ptr = (uintptr_t)&clip};
    call("DIRTYFB", DRM_IOCTL_MODE_DIRTYFB, &dirty);
}

int main(int argc, char **argv) {
    uint32_t width, height;
    if (argc != 4 || sscanf(argv[3], "%ux%u", &width, &height) != 2) {
        fprintf(stderr, "usage: pixels dumb|host OUTPUT WIDTHxHEIGHT\n");
        return 2;
    }
    int host = !strcmp(argv[1], "host");
    card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
    if (card < 0)
        fail("/dev/dri/card0");
    struct buffer buffer = host ? host_buffer(width, height) : dumb_buffer(width, height);
    paint(buffer, width, host ? 32 : height);
    struct drm_mode_fb_cmd2 framebuffer = {
        .width = width, .height = height, .pixel_format = XRGB8888,
        .handles = {buffer.handle}, .pitches = {buffer.stride}};
    call("ADDFB2", DRM_IOCTL_MODE_ADDFB2, &framebuffer);
    show(atoi(argv[2]), width, height, framebuffer.fb_id);
    puts("shown");
    fflush(stdout);
    char word[16];
    while (scanf("%15s", word) == 1) {
        if (!strcmp(word, "patch")) {
            patch(buffer, framebuffer.fb_id);
            puts("patched");
            fflush(stdout);
        }
    }
    return 0;
}
