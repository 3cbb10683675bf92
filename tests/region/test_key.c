/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys: colours against OpenCV's HSV and Oklab's published numbers, morphology and islands against naive twins, masks
 * that hold still while a film's noise does not, memory that is saved, and the sky of a photograph.
 */
#include "support/pictures.h"
#include "support/planes.h"
#include "support/published.h"
#include "support/support.h"

#include "region/key.h"
#include "region/clean.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- colours ---- */

/* As cv2.cvtColor(rgb / 255, cv2.COLOR_RGB2HSV) has them, OpenCV 4.6, float32; saturation and value times 100. */
static void test_hsv_is_opencvs(void **state)
{
    static const struct {
        uint8_t rgb[3];
        double hsv[3];
    } cases[] = {
        {{255, 0, 0}, {0.000, 100.000, 100.000}},   {{0, 255, 0}, {120.000, 100.000, 100.000}},
        {{0, 0, 255}, {240.000, 100.000, 100.000}}, {{12, 200, 30}, {125.745, 94.000, 78.431}},
        {{200, 12, 30}, {354.255, 94.000, 78.431}}, {{30, 12, 200}, {245.745, 94.000, 78.431}},
        {{255, 255, 255}, {0.000, 0.000, 100.000}}, {{0, 0, 0}, {0.000, 0.000, 0.000}},
        {{128, 127, 129}, {270.000, 1.550, 50.588}}, {{250, 200, 10}, {47.500, 96.000, 98.039}},
        {{10, 200, 190}, {176.842, 95.000, 78.431}}, {{135, 206, 235}, {197.400, 42.553, 92.157}},
        {{77, 3, 150}, {270.204, 98.000, 58.824}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double hsv[3];
        sol_hsv_of(cases[i].rgb, hsv);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(hsv[c] - cases[i].hsv[c]) < 0.001);
    }
}

/* The table of XYZ and Oklab in Ottosson's article, to its three digits; XYZ by way of sRGB's linear light. */
static void test_oklab_is_ottossons(void **state)
{
    static const double to_linear[3][3] = {{3.2404542, -1.5371385, -0.4985314},
                                           {-0.9692660, 1.8760108, 0.0415560},
                                           {0.0556434, -0.2040259, 1.0572252}};
    static const double cases[][6] = {{0.950, 1.000, 1.089, 1.000, 0.000, 0.000},
                                      {1.000, 0.000, 0.000, 0.450, 1.236, -0.019},
                                      {0.000, 1.000, 0.000, 0.922, -0.671, 0.263},
                                      {0.000, 0.000, 1.000, 0.153, -1.415, -0.449}};
    static const uint8_t white[3] = {255, 255, 255};
    double lab[3];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double linear[3];
        for (int c = 0; c < 3; c++)
            linear[c] = to_linear[c][0] * cases[i][0] + to_linear[c][1] * cases[i][1] + to_linear[c][2] * cases[i][2];
        sol_oklab_of_linear(linear, lab);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(lab[c] - cases[i][3 + c]) < 0.002);
    }
    sol_oklab_of(white, lab);
    assert_true(fabs(lab[0] - 1) < 1e-6 && fabs(lab[1]) < 1e-6 && fabs(lab[2]) < 1e-6);
}

static SolKeyColours all_colours(void)
{
    return (SolKeyColours){.saturation = {0, 100}, .value = {0, 100}};
}

/* An RGB colour of full saturation and value. */
static void of_hue(double hue, uint8_t rgb[3])
{
    for (int c = 0; c < 3; c++) {
        double d = fabs(remainder(hue - 120 * c, 360));
        rgb[c] = (uint8_t)(255 * fmin(fmax(2 - d / 60, 0), 1) + 0.5);
    }
}

static double cover_of_hue(const SolKeyColours *colours, double soft, double hue)
{
    uint8_t rgb[3];
    of_hue(hue, rgb);
    return sol_colours_cover(colours, soft, rgb);
}

static void test_hues_wrap_and_fall_off(void **state)
{
    SolKeyColours reds = all_colours(), blues = all_colours();
    static const uint8_t grey[3] = {120, 120, 120}, tinted[3] = {125, 120, 120};
    (void)state;
    reds.by_hue = blues.by_hue = true;
    reds.hue[0] = 340, reds.hue[1] = 20;
    blues.hue[0] = 180, blues.hue[1] = 260;
    for (int hue = 0; hue < 360; hue++) {
        bool red = hue >= 340 || hue <= 20, blue = hue >= 180 && hue <= 260;
        bool near_red = hue > 334 || hue < 26, near_blue = hue > 174 && hue < 266;
        assert_int_equal(cover_of_hue(&reds, 0, hue) == 1, red);
        assert_int_equal(cover_of_hue(&blues, 0, hue) == 1, blue);
        assert_int_equal(cover_of_hue(&reds, 1, hue) == 1, red);
        assert_int_equal(cover_of_hue(&reds, 1, hue) > 0, near_red);
        assert_int_equal(cover_of_hue(&blues, 1, hue) > 0, near_blue);
    }
    assert_true(fabs(cover_of_hue(&blues, 1, 263) - 0.5) < 0.05);
    assert_true(cover_of_hue(&blues, 1, 262) > cover_of_hue(&blues, 1, 264));
    assert_true(sol_colours_cover(&reds, 1, grey) == 0); /* a grey is not red */
    assert_true(fabs(sol_colours_cover(&reds, 1, tinted) - 0.5) < 0.01);
}

static void test_ranges_and_nearness(void **state)
{
    SolKeyColours pale = all_colours(), sky = all_colours();
    static const uint8_t colours[][3] = {{200, 180, 180}, {200, 150, 150}, {50, 45, 45},
                                         {135, 206, 235}, {135, 205, 230}, {20, 60, 20}};
    (void)state;
    pale.saturation[1] = 15, pale.value[0] = 30;
    assert_true(sol_colours_cover(&pale, 1, colours[0]) == 1);
    assert_true(sol_colours_cover(&pale, 1, colours[1]) == 0);
    assert_true(sol_colours_cover(&pale, 1, colours[2]) == 0);
    sky.by_nearness = true, sky.within = 0.1;
    memcpy(sky.near, colours[3], 3);
    assert_true(sol_colours_cover(&sky, 1, colours[3]) == 1 && sol_colours_cover(&sky, 0, colours[4]) == 1);
    assert_true(sol_colours_cover(&sky, 1, colours[5]) == 0);
    sky.within = 0; /* just this colour */
    assert_true(sol_colours_cover(&sky, 1, colours[3]) == 1 && sol_colours_cover(&sky, 1, colours[4]) == 0);
    sky.within = 1, sky.by_hue = true, sky.hue[0] = 0, sky.hue[1] = 90; /* both must hold */
    assert_true(sol_colours_cover(&sky, 1, colours[3]) == 0);
}

static void test_the_table_is_what_is_computed(void **state)
{
    SolKeyColours colours[2] = {all_colours(), all_colours()};
    SolColourTable *table = NULL;
    uint8_t rgb[300][3], cover[300], parts[3][300], *const planes[3] = {parts[0], parts[1], parts[2]};
    uint32_t noise = 7;
    (void)state;
    colours[0].by_hue = true, colours[0].hue[0] = 180, colours[0].hue[1] = 260, colours[0].saturation[0] = 20;
    colours[1].by_nearness = true, colours[1].near[0] = 220, colours[1].within = 0.3;
    assert_int_equal(sol_colour_table_open(&table, colours, 2, 1), 0);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 900; i++)
            rgb[i / 3][i % 3] = (uint8_t)((noise = noise * 1664525u + 1013904223u) >> 24 & (round % 2 ? 0xff : 0xe7));
        sol_colour_table_row(table, rgb[0], 300, cover, planes);
        for (int i = 0; i < 300; i++) {
            double both = fmax(sol_colours_cover(&colours[0], 1, rgb[i]), sol_colours_cover(&colours[1], 1, rgb[i]));
            assert_true(fabs((cover[i] - 1) / 254.0 - both) < 0.002);
            assert_true(parts[0][i] == rgb[i][0] && parts[1][i] == rgb[i][1] && parts[2][i] == rgb[i][2]);
        }
    }
    sol_colour_table_close(&table);
    assert_null(table);
}

/* ---- shapes ---- */

static SolMask *random_mask(int width, int height, uint32_t noise, int kind)
{
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int i = 0; i < width * height; i++) {
        noise = noise * 1664525u + 1013904223u;
        if (kind == 0)
            mask->values[i] = (uint8_t)(noise >> 24);
        else if (kind == 1)
            mask->values[i] = noise >> 24 < 140 ? 0 : 255;
        else
            mask->values[i] = (uint8_t)(i > 0 && noise >> 28 < 11 ? mask->values[i - 1] : (noise >> 20 & 3) * 85);
    }
    return mask;
}

static SolMask *copy_of(const SolMask *mask)
{
    SolMask *copy = NULL;
    assert_int_equal(sol_mask_create(&copy, mask->width, mask->height), 0);
    memcpy(copy->values, mask->values, (size_t)(mask->width * mask->height));
    return copy;
}

/* Whether two masks are the same; closes both. */
static bool same_masks(SolMask *a, SolMask *b)
{
    bool same = memcmp(a->values, b->values, (size_t)(a->width * a->height)) == 0;
    sol_mask_close(&a);
    sol_mask_close(&b);
    return same;
}

static SolMask *naive_disc(const SolMask *mask, double radius, bool grow)
{
    SolMask *out = copy_of(mask);
    int r = (int)radius;
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            for (int dy = -r; dy <= r; dy++)
                for (int dx = -r; dx <= r; dx++) {
                    uint8_t *to = &sol_mask_row(out, y)[x], v;
                    if (dx * dx + dy * dy > radius * radius || y + dy < 0 || y + dy >= mask->height || x + dx < 0 ||
                        x + dx >= mask->width)
                        continue;
                    v = sol_mask_row(mask, y + dy)[x + dx];
                    if (grow ? v > *to : v < *to)
                        *to = v;
                }
    return out;
}

static void test_discs_are_those_of_the_twin(void **state)
{
    static const int sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {40, 31}, {67, 140}};
    static const double radii[] = {0, 0.9, 1, 1.5, 2, 3.3, 5, 12};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t r = 0; r < sizeof radii / sizeof *radii; r++) {
            SolMask *mask = random_mask(sizes[s][0], sizes[s][1], (uint32_t)(s * 8 + r), 0), *twin, *other;
            SolPool *pool = r % 4 == 3 ? NULL : pools[r % 4];
            SolMask *grown = copy_of(mask), *shrunk = copy_of(mask), *opened = copy_of(mask), *shut = copy_of(mask);
            assert_int_equal(sol_mask_dilate(grown, radii[r], pool), 0);
            assert_true(same_masks(grown, naive_disc(mask, radii[r], true)));
            assert_int_equal(sol_mask_erode(shrunk, radii[r], pool), 0);
            assert_true(same_masks(shrunk, naive_disc(mask, radii[r], false)));
            twin = naive_disc(mask, radii[r], false);
            assert_int_equal(sol_mask_opening(opened, radii[r], pool), 0);
            assert_true(same_masks(opened, naive_disc(twin, radii[r], true)));
            other = naive_disc(mask, radii[r], true);
            assert_int_equal(sol_mask_closing(shut, radii[r], pool), 0);
            assert_true(same_masks(shut, naive_disc(other, radii[r], false)));
            sol_mask_close(&twin);
            sol_mask_close(&other);
            sol_mask_close(&mask);
        }
}

typedef struct Flood {
    const SolMask *mask;
    int low, *marks, mark, area;
    bool corners;
    unsigned edges;
} Flood;

static void flood(Flood *f, int x, int y)
{
    int at = y * f->mask->width + x;
    if (x < 0 || y < 0 || x >= f->mask->width || y >= f->mask->height || f->marks[at] || f->mask->values[at] < f->low)
        return;
    f->marks[at] = f->mark;
    f->area++;
    f->edges |= (unsigned)((y == 0) * SOL_EDGE_TOP | (y == f->mask->height - 1) * SOL_EDGE_BOTTOM |
                           (x == 0) * SOL_EDGE_LEFT | (x == f->mask->width - 1) * SOL_EDGE_RIGHT);
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (f->corners || dx == 0 || dy == 0)
                flood(f, x + dx, y + dy);
}

/* Pixel by pixel: islands that stay, then what of weaker pixels is linked with one. */
static SolMask *naive_islands(const SolMask *mask, double smallest, unsigned touching, bool corners)
{
    int count = mask->width * mask->height, *marks = calloc((size_t)count, sizeof *marks);
    int *links = calloc((size_t)count, sizeof *links);
    bool *stays = calloc((size_t)count + 2, 1), *linked = calloc((size_t)count + 2, 1);
    SolMask *out = copy_of(mask);
    for (int i = 0; i < count; i++) {
        Flood f = {mask, 128, marks, i + 1, 0, corners, 0}, any = {mask, 1, links, i + 1, 0, corners, 0};
        flood(&any, i % mask->width, i / mask->width);
        flood(&f, i % mask->width, i / mask->width);
        stays[i + 1] = f.area > 0 && f.area >= smallest && (!touching || (f.edges & touching));
    }
    for (int i = 0; i < count; i++)
        if (marks[i] && stays[marks[i]])
            linked[links[i]] = true;
    for (int i = 0; i < count; i++)
        if (marks[i] ? !stays[marks[i]] : !linked[links[i]])
            out->values[i] = 0;
    free(marks), free(links), free(stays), free(linked);
    return out;
}

static void test_islands_are_those_of_the_twin(void **state)
{
    static const int sizes[][2] = {{1, 1}, {8, 3}, {3, 17}, {33, 20}, {50, 41}};
    static const unsigned touching[] = {0, SOL_EDGE_TOP, SOL_EDGE_LEFT | SOL_EDGE_BOTTOM, SOL_EDGE_RIGHT};
    (void)state;
    for (int i = 0; i < 120; i++) {
        SolMask *mask = random_mask(sizes[i % 5][0], sizes[i % 5][1], (uint32_t)i, i % 3), *twin;
        SolMask *dropped = copy_of(mask), *filled = copy_of(mask);
        SolIslands islands = {.smallest = i % 11, .touching = touching[i % 4]};
        assert_int_equal(sol_mask_drop_islands(dropped, &islands), 0);
        assert_true(same_masks(dropped, naive_islands(mask, islands.smallest, islands.touching, true)));
        islands.touching = 0;
        assert_int_equal(sol_mask_fill_holes(filled, &islands), 0);
        sol_mask_invert(mask);
        twin = naive_islands(mask, islands.smallest, 0, false);
        sol_mask_invert(twin);
        assert_true(same_masks(filled, twin));
        sol_mask_close(&mask);
    }
}

static void test_islands_that_were_there_stay_longer(void **state)
{
    SolMask *mask = NULL, *before = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, 20, 10), 0);
    memset(sol_mask_row(mask, 4) + 3, 255, 6);
    before = copy_of(mask);
    assert_int_equal(sol_mask_drop_islands(mask, &(SolIslands){.smallest = 12, .before = before}), 0);
    assert_int_equal(sol_mask_row(mask, 4)[5], 255);
    assert_int_equal(sol_mask_drop_islands(mask, &(SolIslands){.smallest = 13, .before = before}), 0);
    assert_int_equal(sol_mask_row(mask, 4)[5], 0);
    sol_mask_close(&mask);
    sol_mask_close(&before);
}

/* ---- in time ---- */

enum { WIDTH = 96, HEIGHT = 64 };

/* A dim sky whose colour is at the edge of the range over a field, a disc of the sky's colour at `x`, and noise. */
static SolImage *noisy_frame(uint32_t seed, int x0)
{
    SolImage *image = NULL;
    uint32_t noise = seed * 747796405u + 1;
    assert_int_equal(sol_image_create(&image, WIDTH, HEIGHT), 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            bool disc = (x - x0) * (x - x0) + (y - 46) * (y - 46) < 100;
            int base[3] = {y < 30 || disc ? 150 : 120, y < 30 || disc ? 165 : 130, y < 30 || disc ? 187 : 60};
            for (int c = 0; c < 3; c++) {
                int n = 0;
                for (int i = 0; i < 4; i++)
                    n += (int)((noise = noise * 1664525u + 1013904223u) >> 28) - 7; /* deviation: about 9 / 2 */
                sol_image_row(image, y)[3 * x + c] = (uint8_t)(base[c] + n / 4);
            }
        }
    return image;
}

static SolKey dim_sky(SolKeyColours *colours, double hold)
{
    *colours = all_colours();
    colours->by_hue = true;
    colours->hue[0] = 190, colours->hue[1] = 250, colours->saturation[0] = 20;
    return (SolKey){.colours = colours, .count = 1, .soft = 1, .hold = hold};
}

/* The mean change of a mask from frame to frame, of 255, above the field. */
static double flicker(double hold)
{
    SolKeyColours colours;
    SolKey key = dim_sky(&colours, hold);
    SolKeyer *keyer = NULL;
    SolMask *mask = NULL, *before = NULL;
    double sum = 0;
    assert_int_equal(sol_keyer_open(&keyer, &key, WIDTH, HEIGHT, 1, pools[1]), 0);
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    assert_int_equal(sol_mask_create(&before, WIDTH, HEIGHT), 0);
    for (uint32_t i = 0; i < 40; i++) {
        SolImage *frame = noisy_frame(i, 40);
        assert_int_equal(sol_keyer_at(keyer, frame, mask), 0);
        for (int at = 0; i >= 20 && at < WIDTH * 30; at++)
            sum += abs(mask->values[at] - before->values[at]);
        memcpy(before->values, mask->values, WIDTH * HEIGHT);
        sol_image_unref(&frame);
    }
    sol_mask_close(&mask);
    sol_mask_close(&before);
    sol_keyer_close(&keyer);
    return sum / (20 * WIDTH * 30);
}

static void test_noise_does_not_flicker(void **state)
{
    double none = flicker(0), some = flicker(0.5), much = flicker(0.8), most = flicker(1);
    (void)state;
    print_message("flicker: %.2f of 255 without hold, %.2f at 0.5, %.2f at 0.8, %.2f at 1\n", none, some, much, most);
    assert_true(none > 20);
    assert_true(some < none / 2.5 && much < none / 10 && most < none / 20);
}

/* A disc that moves by 8 pixels a frame leaves nothing behind, and is there at once. */
static void test_what_moves_is_followed(void **state)
{
    SolKeyColours colours;
    SolKey key = dim_sky(&colours, 0.8);
    SolKeyer *keyer = NULL;
    SolMask *mask = NULL;
    (void)state;
    colours.saturation[0] = 10;
    assert_int_equal(sol_keyer_open(&keyer, &key, WIDTH, HEIGHT, 1, NULL), 0);
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    for (int i = 0; i < 8; i++) {
        SolImage *frame = noisy_frame((uint32_t)i, 16 + 8 * i);
        int wrong = 0;
        assert_int_equal(sol_keyer_at(keyer, frame, mask), 0);
        for (int y = 34; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                int dx = x - 16 - 8 * i, dy = y - 46;
                wrong += (dx * dx + dy * dy < 100) != (sol_mask_row(mask, y)[x] >= 128);
            }
        assert_true(wrong <= 16); /* of 317 */
        sol_image_unref(&frame);
    }
    sol_mask_close(&mask);
    sol_keyer_close(&keyer);
}

/* Masks of frames first..end-1, one below the other; the keyer's memory to and from blobs where they are given. */
static uint8_t *masks_of(const SolKey *key, SolPool *pool, int first, int end, SolBlob *from, SolBlob *to)
{
    uint8_t *values = malloc((size_t)((end - first) * WIDTH * HEIGHT));
    SolKeyer *keyer = NULL;
    SolMask *mask = NULL;
    assert_int_equal(sol_keyer_open(&keyer, key, WIDTH, HEIGHT, 1, pool), 0);
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    if (from)
        sol_keyer_restore(keyer, from);
    for (int i = first; i < end; i++) {
        SolImage *frame = noisy_frame((uint32_t)i, 10 + 3 * i);
        assert_int_equal(sol_keyer_at(keyer, frame, mask), 0);
        memcpy(values + (size_t)((i - first) * WIDTH * HEIGHT), mask->values, WIDTH * HEIGHT);
        sol_image_unref(&frame);
    }
    if (to)
        sol_keyer_save(keyer, to);
    sol_mask_close(&mask);
    sol_keyer_close(&keyer);
    return values;
}

static void test_memory_is_saved_and_threads_change_nothing(void **state)
{
    enum { SIZE = WIDTH * HEIGHT };
    SolKeyColours colours;
    SolKey key = dim_sky(&colours, 0.7);
    SolBlob at_four = {0}, short_one = {0};
    uint8_t *whole, *head, *tail, *alone, *fresh;
    (void)state;
    key.open = 1, key.close = 1.5, key.smallest = 12;
    whole = masks_of(&key, NULL, 0, 9, NULL, NULL);
    head = masks_of(&key, pools[0], 0, 4, NULL, &at_four);
    tail = masks_of(&key, pools[2], 4, 9, &at_four, NULL);
    assert_memory_equal(whole, head, 4 * SIZE);
    assert_memory_equal(whole + 4 * SIZE, tail, 5 * SIZE);
    assert_true(sol_blob_is_sound(&at_four) && at_four.at == at_four.size);
    alone = masks_of(&key, NULL, 4, 9, NULL, NULL);
    assert_memory_not_equal(alone, tail, SIZE); /* what came before did matter */
    short_one = sol_blob_of(at_four.bytes, at_four.size / 2);
    fresh = masks_of(&key, NULL, 4, 9, &short_one, NULL);
    assert_false(sol_blob_is_sound(&short_one));
    assert_memory_equal(alone, fresh, 5 * SIZE);
    sol_blob_clear(&at_four);
    free(whole), free(head), free(tail), free(alone), free(fresh);
}

static void test_a_cut_forgets(void **state)
{
    SolKeyColours colours;
    SolKey key = dim_sky(&colours, 1);
    uint8_t *fresh = masks_of(&key, NULL, 6, 7, NULL, NULL);
    SolKeyer *keyer = NULL;
    SolMask *mask = NULL;
    SolImage *one = noisy_frame(1, 20), *other = noisy_frame(6, 28);
    (void)state;
    assert_int_equal(sol_keyer_open(&keyer, &key, WIDTH, HEIGHT, 1, NULL), 0);
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    assert_int_equal(sol_keyer_at(keyer, one, mask), 0);
    sol_keyer_forget(keyer);
    assert_int_equal(sol_keyer_at(keyer, other, mask), 0);
    assert_memory_equal(mask->values, fresh, WIDTH * HEIGHT);
    sol_image_unref(&one), sol_image_unref(&other);
    sol_mask_close(&mask);
    sol_keyer_close(&keyer);
    free(fresh);
}

static void test_fingerprints_tell_keys_apart(void **state)
{
    SolDigester *digester = NULL;
    SolDigest first, digest;
    SolKeyColours colours;
    SolKey key = dim_sky(&colours, 0.5), others[6] = {key, key, key, key, key, key};
    SolKeyColours other_colours = colours;
    (void)state;
    other_colours.hue[1] += 1;
    others[0].colours = &other_colours;
    others[1].soft = 2, others[2].open = 3, others[3].smallest = 4, others[4].touching = SOL_EDGE_TOP;
    others[5].hold = 0.6;
    assert_int_equal(sol_digester_open(&digester), 0);
    sol_key_digest(&key, digester);
    first = sol_digester_finish(digester);
    sol_key_digest(&key, digester);
    digest = sol_digester_finish(digester);
    assert_memory_equal(&first, &digest, sizeof first);
    for (int i = 0; i < 6; i++) {
        sol_key_digest(&others[i], digester);
        digest = sol_digester_finish(digester);
        assert_memory_not_equal(&first, &digest, sizeof first);
    }
    sol_digester_close(&digester);
}

/* ---- a photograph ---- */

/* How much of the union of two masks is in both, in rows above `end`. */
static double overlap(const SolMask *a, const SolMask *b, int end)
{
    int both = 0, any = 0;
    for (int i = 0; i < a->width * end; i++) {
        both += a->values[i] >= 128 && b->values[i] >= 128;
        any += a->values[i] >= 128 || b->values[i] >= 128;
    }
    return (double)both / any;
}

/* As a schedule would say it: {hue: 180-260, saturation: 20-100, value: 20-100}, alone and with the rest. */
static void test_the_sky_of_a_photograph(void **state)
{
    SolKeyColours blue = all_colours();
    SolKey key = {.colours = &blue, .count = 1, .soft = 1};
    SolImage *picture = NULL, *wanted = NULL;
    SolKeyer *keyer = NULL;
    SolMask *mask = NULL, *reference = NULL;
    double plain, cleaned, sky;
    (void)state;
    if (access(SHARED_DATA "/images/content/campus-sky-mask.jpg", R_OK) != 0) {
        print_message("skipped: ../shared/data is not here\n");
        skip();
    }
    assert_int_equal(sol_image_load(&picture, SHARED_DATA "/images/content/campus.jpg"), 0);
    assert_int_equal(sol_image_load(&wanted, SHARED_DATA "/images/content/campus-sky-mask.jpg"), 0);
    assert_int_equal(sol_mask_create(&mask, picture->width, picture->height), 0);
    assert_int_equal(sol_mask_create(&reference, picture->width, picture->height), 0);
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < picture->width; x++)
            sol_mask_row(reference, y)[x] = sol_image_row(wanted, y)[3 * x] >= 128 ? 255 : 0;
    blue.by_hue = true, blue.hue[0] = 180, blue.hue[1] = 260, blue.saturation[0] = blue.value[0] = 20;
    assert_int_equal(sol_keyer_open(&keyer, &key, picture->width, picture->height, 1, pools[1]), 0);
    assert_int_equal(sol_keyer_at(keyer, picture, mask), 0);
    plain = overlap(mask, reference, picture->height);
    key.smallest = 30;
    assert_int_equal(sol_keyer_at(keyer, picture, mask), 0);
    cleaned = overlap(mask, reference, picture->height);
    key.touching = SOL_EDGE_TOP; /* the sky without the windows, which the reference has, too */
    assert_int_equal(sol_keyer_at(keyer, picture, mask), 0);
    assert_int_equal(sol_mask_drop_islands(reference, &(SolIslands){.smallest = 30, .touching = SOL_EDGE_TOP}), 0);
    sky = overlap(mask, reference, picture->height);
    print_message("campus: %.3f of the union is in both; %.3f without specks; the sky alone: %.3f\n", plain, cleaned,
                  sky);
    assert_true(plain >= 0.95 && cleaned >= 0.95 && sky >= 0.95);
    sol_keyer_close(&keyer);
    sol_mask_close(&mask);
    sol_mask_close(&reference);
    sol_image_unref(&picture);
    sol_image_unref(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hsv_is_opencvs),
        cmocka_unit_test(test_oklab_is_ottossons),
        cmocka_unit_test(test_hues_wrap_and_fall_off),
        cmocka_unit_test(test_ranges_and_nearness),
        cmocka_unit_test(test_the_table_is_what_is_computed),
        cmocka_unit_test(test_discs_are_those_of_the_twin),
        cmocka_unit_test(test_islands_are_those_of_the_twin),
        cmocka_unit_test(test_islands_that_were_there_stay_longer),
        cmocka_unit_test(test_noise_does_not_flicker),
        cmocka_unit_test(test_what_moves_is_followed),
        cmocka_unit_test(test_memory_is_saved_and_threads_change_nothing),
        cmocka_unit_test(test_a_cut_forgets),
        cmocka_unit_test(test_fingerprints_tell_keys_apart),
        cmocka_unit_test(test_the_sky_of_a_photograph),
    };
    return cmocka_run_group_tests(tests, set_up_pools, tear_down_pools);
}
