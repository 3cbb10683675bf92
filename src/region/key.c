/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, frame by frame: coverage of every pixel from the table of colours; a running mean of it that follows where the
 * picture changes; cleaning. A colour near the edge of a range flips to and fro with the noise of a film while the
 * colour itself hardly changes, and a thing that moves changes it much: so the mean goes by the change of colours.
 */
#include "region/key.h"

#include "base/error.h"
#include "base/memory.h"
#include "region/bands.h"
#include "region/clean.h"

#include <math.h>
#include <string.h>

enum { BAND = 32 }; /* rows a worker takes at once */

/* Of 255 levels, times the nine pixels that are summed: changes that are noise, and those that are not. */
#define NOISE (6 * 9.0f)
#define CHANGE (24 * 9.0f)

struct SolKeyer {
    const SolKey *key;
    int width, height;
    double scale;
    SolPool *pool;
    SolColourTable *table;
    uint8_t *planes[3];  /* [height][width] the frame's components */
    uint8_t *cover;      /* [height][width] 1..255 for 0..1 */
    uint16_t *scratch;   /* [bands][4 width + 2] of the workers */
    /* remembered, where hold is not 0 */
    bool begun;          /* whether there is a frame before */
    float *colours;      /* [3][height][width] running means of sums of 3x3 pixels */
    float *mean;         /* [height][width] of the coverage, 0..1 */
    float *shown;        /* [height][width] the mean without small swings, 0..1 */
    SolMask *before;     /* the mask as it was cleaned */
};

static size_t pixels_of(const SolKeyer *k)
{
    return (size_t)k->width * (size_t)k->height;
}

void sol_key_digest(const SolKey *key, SolDigester *digester)
{
    sol_digester_add_int(digester, key->count);
    for (int i = 0; i < key->count; i++) {
        const SolKeyColours *c = &key->colours[i];
        sol_digester_add_int(digester, c->by_hue | c->by_nearness << 1);
        for (int end = 0; end < 2; end++) {
            sol_digester_add_double(digester, c->hue[end]);
            sol_digester_add_double(digester, c->saturation[end]);
            sol_digester_add_double(digester, c->value[end]);
        }
        sol_digester_add(digester, c->near, sizeof c->near);
        sol_digester_add_double(digester, c->within);
    }
    sol_digester_add_double(digester, key->soft);
    sol_digester_add_double(digester, key->open);
    sol_digester_add_double(digester, key->close);
    sol_digester_add_double(digester, key->smallest);
    sol_digester_add_int(digester, key->smallest_is_share);
    sol_digester_add_int(digester, key->touching);
    sol_digester_add_double(digester, key->hold);
}

static int reserve(SolKeyer *k)
{
    size_t count = pixels_of(k);
    for (int c = 0; c < 3; c++)
        if (!(k->planes[c] = sol_alloc(count, 1)))
            return sol_fail_memory("a key");
    k->cover = sol_alloc(count, 1);
    k->scratch = sol_alloc((size_t)sol_band_count(k->height, BAND), (4 * (size_t)k->width + 2) * sizeof *k->scratch);
    if (!k->cover || !k->scratch)
        return sol_fail_memory("a key");
    if (k->key->hold == 0)
        return SOL_OK;
    k->colours = sol_calloc(count, 3 * sizeof *k->colours);
    k->mean = sol_calloc(count, sizeof *k->mean);
    k->shown = sol_calloc(count, sizeof *k->shown);
    if (!k->colours || !k->mean || !k->shown)
        return sol_fail_memory("a key");
    return sol_mask_create(&k->before, k->width, k->height);
}

int sol_keyer_open(SolKeyer **keyer, const SolKey *key, int width, int height, double scale, SolPool *pool)
{
    SolKeyer *k;
    int code;
    if (width < 1 || height < 1 || width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a key for frames of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    k = sol_calloc(1, sizeof *k);
    if (!k)
        return sol_fail_memory("a key");
    *k = (SolKeyer){.key = key, .width = width, .height = height, .scale = scale, .pool = pool};
    code = sol_colour_table_open(&k->table, key->colours, key->count, key->soft);
    if (!code)
        code = reserve(k);
    if (code) {
        sol_keyer_close(&k);
        return code;
    }
    *keyer = k;
    return SOL_OK;
}

/* ---- frames ---- */

typedef struct Work {
    SolKeyer *keyer;
    const SolImage *frame;
    SolMask *mask;
} Work;

static void look_up(void *context, int item)
{
    Work *work = context;
    SolKeyer *k = work->keyer;
    SolBand rows = sol_band(k->height, BAND, item);
    for (int y = rows.first; y < rows.end; y++) {
        size_t at = (size_t)y * (size_t)k->width;
        uint8_t *planes[3] = {k->planes[0] + at, k->planes[1] + at, k->planes[2] + at};
        sol_colour_table_row(k->table, sol_image_row_const(work->frame, y), k->width, k->cover + at,
                             k->key->hold > 0 ? planes : NULL);
    }
}

/* Coverage of 1..255 to values of a mask. */
static void plain_values(const SolKeyer *k, SolMask *mask)
{
    for (size_t i = 0, count = pixels_of(k); i < count; i++)
        mask->values[i] = (uint8_t)((k->cover[i] - 1) * 255u / 254);
}

static void add_rows(uint16_t *restrict sum, const uint8_t *restrict a, const uint8_t *restrict b,
                     const uint8_t *restrict c, int width)
{
    for (int x = 0; x < width; x++)
        sum[x] = (uint16_t)(a[x] + b[x] + c[x]);
}

static void add_neighbours(uint16_t *restrict sum, const uint16_t *restrict columns, int width)
{
    for (int x = 0; x < width; x++)
        sum[x] = (uint16_t)(columns[x - 1] + columns[x] + columns[x + 1]);
}

/* Sums of 3x3 pixels of row y in all components, the frame continued by its ends: [3][width], behind scratch. */
static const uint16_t *blur_row(const SolKeyer *k, int y, uint16_t *scratch)
{
    size_t width = (size_t)k->width, here = (size_t)y * width;
    size_t above = y > 0 ? here - width : here, below = y + 1 < k->height ? here + width : here;
    uint16_t *columns = scratch + 1, *sums = scratch + width + 2;
    for (int c = 0; c < 3; c++) {
        add_rows(columns, k->planes[c] + above, k->planes[c] + here, k->planes[c] + below, k->width);
        columns[-1] = columns[0];
        columns[width] = columns[width - 1];
        add_neighbours(sums + (size_t)c * width, columns, k->width);
    }
    return sums;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* The larger of it and 0, in a way that compilers vectorise beside other comparisons. */
static inline float positive(float a)
{
    return 0.5f * (a + fabsf(a));
}

/* Within 0..1. */
static inline float clamped(float a)
{
    return 1 - positive(1 - positive(a));
}

/* Lets the means of a row follow the frame. */
static void follow_row(float *restrict r, float *restrict g, float *restrict b, float *restrict mean,
                       const uint16_t *restrict sums, const uint8_t *restrict cover, int width, float least)
{
    const uint16_t *restrict sr = sums, *restrict sg = sums + width, *restrict sb = sums + 2 * (size_t)width;
    for (int x = 0; x < width; x++) {
        float nr = (float)sr[x], ng = (float)sg[x], nb = (float)sb[x];
        float d = larger(fabsf(nr - r[x]), larger(fabsf(ng - g[x]), fabsf(nb - b[x])));
        float t = clamped((d - NOISE) * (1 / (CHANGE - NOISE)));
        float share = least + (1 - least) * t * t * (3 - 2 * t);
        r[x] += share * (nr - r[x]);
        g[x] += share * (ng - g[x]);
        b[x] += share * (nb - b[x]);
        mean[x] += share * ((float)(cover[x] - 1) * (1 / 254.0f) - mean[x]);
    }
}

/* Follows the mean only where it leaves `slack` to either side, and makes values of a mask of it. */
static void show_row(float *restrict shown, const float *restrict mean, uint8_t *restrict values, int width,
                     float slack)
{
    for (int x = 0; x < width; x++) {
        float v = mean[x] * (1 + 2 * slack) - slack; /* so that 0 and 1 are reached */
        shown[x] = smaller(larger(shown[x], v - slack), v + slack);
        values[x] = (uint8_t)(int)(clamped(shown[x]) * 255 + 0.5f);
    }
}

static void hold_band(void *context, int item)
{
    Work *work = context;
    SolKeyer *k = work->keyer;
    SolBand rows = sol_band(k->height, BAND, item);
    size_t width = (size_t)k->width;
    uint16_t *scratch = k->scratch + (size_t)item * (4 * width + 2);
    float least = k->begun ? (float)(1 - 0.9 * k->key->hold) : 1;
    for (int y = rows.first; y < rows.end; y++) {
        size_t at = (size_t)y * width, plane = pixels_of(k);
        follow_row(k->colours + at, k->colours + plane + at, k->colours + 2 * plane + at, k->mean + at,
                   blur_row(k, y, scratch), k->cover + at, k->width, least);
        if (!k->begun)
            memcpy(k->shown + at, k->mean + at, width * sizeof *k->shown);
        show_row(k->shown + at, k->mean + at, sol_mask_row(work->mask, y), k->width, (float)(0.1 * k->key->hold));
    }
}

static int clean(const SolKeyer *k, SolMask *mask)
{
    const SolKey *key = k->key;
    SolIslands islands = {.touching = key->touching, .before = k->begun ? k->before : NULL};
    double widest = SOL_DISC_MAX;
    int code;
    islands.smallest = key->smallest_is_share ? key->smallest / 100 * (double)pixels_of(k)
                                              : key->smallest * k->scale * k->scale;
    code = sol_mask_opening(mask, fmin(key->open * k->scale, widest), k->pool);
    if (!code)
        code = sol_mask_closing(mask, fmin(key->close * k->scale, widest), k->pool);
    if (!code && (islands.smallest > 1 || islands.touching))
        code = sol_mask_drop_islands(mask, &islands);
    islands.touching = 0;
    if (!code && islands.smallest > 1)
        code = sol_mask_fill_holes(mask, &islands);
    return code;
}

int sol_keyer_at(SolKeyer *k, const SolImage *frame, SolMask *mask)
{
    Work work = {.keyer = k, .frame = frame, .mask = mask};
    int bands = sol_band_count(k->height, BAND), code;
    sol_band_run(k->pool, look_up, &work, bands);
    if (k->key->hold > 0)
        sol_band_run(k->pool, hold_band, &work, bands);
    else
        plain_values(k, mask);
    code = clean(k, mask);
    if (code || k->key->hold == 0)
        return code;
    memcpy(k->before->values, mask->values, pixels_of(k));
    k->begun = true;
    return SOL_OK;
}

/* ---- memory ---- */

void sol_keyer_forget(SolKeyer *k)
{
    k->begun = false;
    if (k->key->hold == 0)
        return;
    memset(k->colours, 0, pixels_of(k) * 3 * sizeof *k->colours);
    memset(k->mean, 0, pixels_of(k) * sizeof *k->mean);
}

void sol_keyer_save(const SolKeyer *k, SolBlob *blob)
{
    size_t count = pixels_of(k);
    sol_blob_put_int(blob, k->begun);
    if (!k->begun)
        return;
    sol_blob_put_floats(blob, k->colours, 3 * count);
    sol_blob_put_floats(blob, k->mean, count);
    sol_blob_put_floats(blob, k->shown, count);
    sol_blob_put(blob, k->before->values, count);
}

void sol_keyer_restore(SolKeyer *k, SolBlob *blob)
{
    size_t count = pixels_of(k);
    sol_keyer_forget(k);
    if (sol_blob_get_int(blob) != 1 || k->key->hold == 0)
        return;
    sol_blob_get_floats(blob, k->colours, 3 * count);
    sol_blob_get_floats(blob, k->mean, count);
    sol_blob_get_floats(blob, k->shown, count);
    sol_blob_get(blob, k->before->values, count);
    k->begun = sol_blob_is_sound(blob);
    if (!k->begun)
        sol_keyer_forget(k);
}

void sol_keyer_close(SolKeyer **keyer)
{
    SolKeyer *k = *keyer;
    if (!k)
        return;
    sol_colour_table_close(&k->table);
    for (int c = 0; c < 3; c++)
        sol_free(k->planes[c]);
    sol_free(k->cover);
    sol_free(k->scratch);
    sol_free(k->colours);
    sol_free(k->mean);
    sol_free(k->shown);
    sol_mask_close(&k->before);
    sol_free(k);
    *keyer = NULL;
}
