/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder's kernels, each set that this processor can run, against plain sums; and whole frames, which must
 * come out the same with every set.
 */
#include "support/support.h"
#include "support/writing.h"

#include "base/cpu.h"
#include "image/image.h"
#include "media/remap_walk.h"

#include <stdlib.h>
#include <string.h>

static uint32_t seed = 1;

static int next_number(int below)
{
    seed = seed * 1664525U + 1013904223U;
    return (int)(seed >> 8) % below;
}

/* Sets that run here, one after the other. */
#define FOR_SETS(kernels) \
    for (const SolMediaKernels *kernels = set_from(0); kernels; kernels = set_behind(kernels))

static const SolMediaKernels *set_from(int i)
{
    const SolMediaKernels *kernels = sol_media_kernels_at(i);
    while (kernels && kernels->flags & ~sol_cpu_flags())
        kernels = sol_media_kernels_at(++i);
    return kernels;
}

static const SolMediaKernels *set_behind(const SolMediaKernels *kernels)
{
    int i = 0;
    while (sol_media_kernels_at(i) != kernels)
        i++;
    return set_from(i + 1);
}

/* The last one, which needs nothing. */
static const SolMediaKernels *plain_set(void)
{
    int i = 0;
    while (sol_media_kernels_at(i + 1))
        i++;
    return sol_media_kernels_at(i);
}

static void fill_palette(SolPalette *palette, int count, int range)
{
    palette->count = count;
    for (int i = 0; i < 3 * count; i++)
        palette->colour[i / 3][i % 3] = (uint8_t)next_number(range);
}

static int key_of(const SolPalette *palette, int i, const int point[3])
{
    int sum = 0;
    for (int c = 0; c < 3; c++)
        sum += (point[c] - palette->colour[i][c]) * (point[c] - palette->colour[i][c]);
    return sum << SOL_NEAR_BITS | i;
}

static int compare_keys(const void *a, const void *b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static void check_nearest(const SolMediaKernels *kernels, SolColourMap *map)
{
    const SolPalette *palette = &map->palette;
    for (int n = 0; n < 200; n++) {
        int point[3] = {next_number(256), next_number(256), next_number(256)}, keys[SOL_PALETTE_MAX];
        SolNear near;
        for (int i = 0; i < palette->count; i++)
            keys[i] = key_of(palette, i, point);
        qsort(keys, (size_t)palette->count, sizeof *keys, compare_keys);
        assert_int_equal(kernels->nearest(&map->levels, point), keys[0]);
        kernels->group(&map->levels, point, &near);
        for (int i = 0; i < SOL_NEAR && i < palette->count; i++) {
            assert_int_equal(near.index[i], keys[i] & 255);
            for (int c = 0; c < 3; c++)
                assert_int_equal(near.level[c][i], palette->colour[near.index[i]][c]);
        }
        for (int i = palette->count; i < SOL_NEAR; i++)
            assert_int_equal(near.level[0][i], SOL_FAR);
        if (palette->count >= SOL_NEAR)
            assert_int_equal(near.last, keys[SOL_NEAR - 1] >> SOL_NEAR_BITS);
    }
}

static void test_nearest(void **state)
{
    static const int counts[] = {1, 3, 8, 15, 16, 17, 100, 255, 256};
    SolColourMap *map = NULL;
    (void)state;
    assert_int_equal(sol_colour_map_open(&map), 0);
    for (int i = 0; i < 18; i++) {
        SolPalette palette;
        fill_palette(&palette, counts[i / 2], i % 2 ? 256 : 6); /* few levels: equally near ones, and the same ones */
        sol_colour_map_set(map, &palette);
        FOR_SETS(kernels)
            check_nearest(kernels, map);
    }
    sol_colour_map_close(&map);
}

static void test_busy(void **state)
{
    enum { MOST = 200 };
    uint8_t rows[3][3 * (MOST + 2)];
    uint16_t sums[MOST + 1];
    (void)state;
    for (int i = 0; i < (int)sizeof rows; i++)
        rows[i / (int)sizeof *rows][i % (int)sizeof *rows] = (uint8_t)(next_number(3) * 127 + next_number(2));
    FOR_SETS(kernels)
        for (int width = 1; width <= MOST; width += width < 70 ? 1 : 33) {
            memset(sums, 0xab, sizeof sums);
            kernels->busy(rows[0] + 3, rows[1] + 3, rows[2] + 3, width, sums);
            for (int x = 0; x < width; x++) {
                int sum = 0;
                for (int i = 3 * x + 3; i < 3 * x + 6; i++)
                    sum += abs(rows[1][i - 3] - rows[1][i]) + abs(rows[1][i + 3] - rows[1][i]) +
                           abs(rows[0][i] - rows[1][i]) + abs(rows[2][i] - rows[1][i]);
                assert_int_equal(sums[x], sum);
            }
            assert_int_equal(sums[width], 0xabab);
        }
}

/* A frame's data and the screen that it leaves, by one set. */
typedef struct Made {
    SolLzw lzw;
    uint8_t screen[3 * 97 * 50];
} Made;

static void make(Made *made, const SolMediaKernels *kernels, const SolRemapFrame *like)
{
    SolRemapFrame frame = *like;
    SolRemapper *remapper = NULL;
    memset(made, 0, sizeof *made);
    for (int i = 0; i < (int)sizeof made->screen; i++)
        made->screen[i] = (uint8_t)(i * 7 % 256);
    frame.screen = made->screen;
    assert_int_equal(sol_colour_map_open(&frame.map), 0);
    frame.map->kernels = kernels;
    assert_int_equal(sol_remapper_open(&remapper, frame.width), 0);
    remapper->kernels = kernels;
    assert_int_equal(sol_remap(remapper, &frame, &made->lzw), 0);
    sol_remapper_close(&remapper);
    sol_colour_map_close(&frame.map);
}

static void test_frames_are_the_same(void **state)
{
    SolImage *former = new_picture(97, 50), *image = new_picture(97, 50);
    Made *plain = calloc(1, sizeof *plain), *other = calloc(1, sizeof *other);
    (void)state;
    assert_true(plain && other);
    draw_scene(former, 1);
    draw_scene(image, 2);
    memcpy(sol_image_row(image, 20), sol_image_row_const(former, 20), (size_t)97 * 3);
    for (int i = 0; i < 12; i++) {
        SolRemapFrame frame = {.image = image, .former = i % 2 ? former : NULL, .width = 97, .height = 50,
                               .transparent = i % 2 ? 200 : -1, .dither = i % 3 / 2.0, .ordered = i == 11,
                               .lossy = i % 4 * 20};
        fill_palette(&frame.palette, 200, 256);
        make(plain, plain_set(), &frame);
        FOR_SETS(kernels) {
            make(other, kernels, &frame);
            assert_int_equal(other->lzw.size, plain->lzw.size);
            assert_memory_equal(other->lzw.bytes, plain->lzw.bytes, plain->lzw.size);
            assert_memory_equal(other->screen, plain->screen, sizeof plain->screen);
            free(other->lzw.bytes);
        }
        free(plain->lzw.bytes);
    }
    free(plain);
    free(other);
    sol_image_unref(&former);
    sol_image_unref(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_frames_are_the_same),
    };
    return cmocka_run_group_tests_name("media/kernels", tests, set_up_folder, tear_down_folder);
}
