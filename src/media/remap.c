/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of a GIF: what each row wants, and the walk through it (kernels_walk.c).
 */
#include "media/remap.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/blue_noise.h"
#include "media/remap_walk.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum {
    MIXED = 8,              /* colours that a colour is made up of for blue noise */
    LEAST_SLACK = 2, MOST_SLACK = 4, /* pixels' worth that a way may lie behind the best one, and be followed */
    MOST_LOOKS = 12,        /* nodes that are looked at for one code, where the slack is most; two fewer for one less */
    SPREAD = SOL_STRENGTH * 13 / 16, /* of an error, at a strength of 1: more of it grains what it should smooth; */
    SPREAD_OF_FEW = SOL_STRENGTH * 7 / 8, /* but where there are few colours, it takes more to keep the mean of an area */
    FEW = 8
};

/* A loss from which on searches are short; half of it makes the slack one more. */
static const double short_lossy = 28;

/* An error weighs 3 / (1 + d): d, levels by which a pixel differs from its neighbours on average. */
static const double even_weight = 3 * 64;

static int clamp(int level)
{
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

/* ---- rows ---- */

/* How much each pixel of row y differs from its neighbours says what its errors weigh. */
static void weigh_row(SolRemapper *state, int y)
{
    const SolRemapFrame *frame = state->frame;
    const SolImage *image = frame->image;
    ptrdiff_t left = 3 * (ptrdiff_t)frame->left;
    size_t bytes = 3 * (size_t)frame->width;
    const uint8_t *row = sol_image_row_const(image, y) + left;
    const uint8_t *above = sol_image_row_const(image, y > 0 ? y - 1 : y) + left;
    const uint8_t *below = sol_image_row_const(image, y < image->height - 1 ? y + 1 : y) + left;
    memcpy(state->padded, frame->left > 0 ? row - 3 : row, 3);
    memcpy(state->padded + 3, row, bytes);
    memcpy(state->padded + 3 + bytes, row + bytes - (frame->left + frame->width < image->width ? 0 : 3), 3);
    state->kernels->busy(above, state->padded + 3, below, frame->width, state->busy);
    for (int x = 0; x < frame->width; x++)
        state->weight[x] = state->weights[state->busy[x]];
}

/* How bright a colour is, in thousandths. */
static int brightness(const uint8_t *colour)
{
    return 299 * colour[0] + 587 * colour[1] + 114 * colour[2];
}

/*
 * The colours that make up `wanted` together, the darkest first: each that nearest to it and, of `mixing`, the errors
 * of those before (after Knoll, US patent 6606166, which has ended).
 */
static void mix(const SolRemapper *state, const uint8_t *wanted, const uint8_t *mixed[MIXED])
{
    int error[3] = {0};
    for (int k = 0; k < MIXED; k++) {
        int level[3], at = k;
        const uint8_t *colour;
        for (int c = 0; c < 3; c++)
            level[c] = clamp(wanted[c] + error[c] * state->mixing / SOL_STRENGTH);
        colour = state->frame->palette.colour[sol_colour_map_find(state->frame->map, level[0], level[1], level[2])];
        for (int c = 0; c < 3; c++)
            error[c] += wanted[c] - colour[c];
        for (; at > 0 && brightness(mixed[at - 1]) > brightness(colour); at--)
            mixed[at] = mixed[at - 1];
        mixed[at] = colour;
    }
}

/* Has the pixels of row y want one of the colours that make up theirs, by the threshold of their place. */
static void threshold_row(SolRemapper *state, int y)
{
    enum { SIDE = SOL_BLUE_NOISE_SIDE };
    const SolRemapFrame *frame = state->frame;
    const uint16_t *thresholds = sol_blue_noise() + y % SIDE * SIDE;
    const uint8_t *row = sol_image_row_const(frame->image, y) + 3 * (ptrdiff_t)frame->left, *mixed[MIXED];
    for (int x = 0; x < frame->width; x++, row += 3) {
        const uint8_t *colour;
        if (state->still[x])
            continue;
        if (x == 0 || state->still[x - 1] || memcmp(row, row - 3, 3) != 0)
            mix(state, row, mixed);
        colour = mixed[thresholds[(frame->left + x) % SIDE] * MIXED / (SIDE * SIDE)];
        state->wanted[x] = 16 * (SolFour){colour[0], colour[1], colour[2]};
    }
}

/* What the pixels of row y want, and which of them stay. */
static void prepare_row(SolRemapper *state, int y)
{
    const SolRemapFrame *frame = state->frame;
    const uint8_t *row = sol_image_row_const(frame->image, y) + 3 * (ptrdiff_t)frame->left;
    for (int x = 0; x < frame->width; x++)
        state->wanted[x] = 16 * (SolFour){row[3 * x], row[3 * x + 1], row[3 * x + 2]} + state->below[x + 1];
    memset(state->below, 0, ((size_t)frame->width + 2) * sizeof *state->below);
    memset(state->still, 0, (size_t)frame->width);
    if (frame->former && frame->transparent >= 0) {
        const uint8_t *former = sol_image_row_const(frame->former, y) + 3 * (ptrdiff_t)frame->left;
        for (int i = 0; i < frame->width; i++, row += 3, former += 3)
            state->still[i] = ((row[0] ^ former[0]) | (row[1] ^ former[1]) | (row[2] ^ former[2])) == 0;
    }
    if (state->mixing > 0)
        threshold_row(state, y);
    if (!state->lossless)
        weigh_row(state, y);
}

/* Goes through a row of the screen, from the node that the one above has led to; -1: none. */
static int remap_row(SolRemapper *state, uint8_t *screen, int node)
{
    for (int x = 0; x < state->width; x++)
        memcpy(state->shown[x].level, screen + 3 * (ptrdiff_t)x, 3);
    node = state->kernels->walk_row(state, node);
    for (int x = 0; x < state->width; x++)
        memcpy(screen + 3 * (ptrdiff_t)x, state->shown[x].level, 3);
    return node;
}

/* ---- frames ---- */

int sol_remapper_open(SolRemapper **out, int width)
{
    SolRemapper *state = sol_calloc(1, sizeof *state);
    size_t pixels = (size_t)width;
    if (!state)
        return sol_fail_memory("remapping");
    state->wanted = sol_alloc(pixels, sizeof *state->wanted);
    state->below = sol_alloc(pixels + 2, sizeof *state->below);
    state->shown = sol_calloc(pixels, sizeof *state->shown);
    state->busy = sol_alloc(pixels, sizeof *state->busy);
    state->padded = sol_alloc(pixels + 2, 3);
    state->still = sol_alloc(pixels, 1);
    state->weight = sol_alloc(pixels, 1);
    if (!state->wanted || !state->below || !state->shown || !state->busy || !state->padded || !state->still ||
        !state->weight) {
        sol_remapper_close(&state);
        return sol_fail_memory("remapping");
    }
    state->kernels = sol_media_kernels();
    for (int i = 0; i < (int)sizeof state->weights; i++) {
        double weight = even_weight / (1 + i / 12.0);
        state->weights[i] = (uint8_t)(weight < 1 ? 1 : weight);
    }
    *out = state;
    return SOL_OK;
}

void sol_remapper_close(SolRemapper **out)
{
    SolRemapper *state = *out;
    *out = NULL;
    if (!state)
        return;
    sol_free(state->wanted);
    sol_free(state->below);
    sol_free(state->shown);
    sol_free(state->busy);
    sol_free(state->padded);
    sol_free(state->still);
    sol_free(state->weight);
    sol_free(state);
}

int sol_remap_colours(const SolPalette *palette)
{
    int colours = 4;
    while (colours <= palette->count && colours < SOL_PALETTE_MAX)
        colours *= 2;
    return colours;
}

/* Less than half the way to its nearest neighbour from a colour, no other is as near. */
static void find_sure(SolRemapper *state)
{
    const SolPalette *palette = &state->frame->palette;
    for (int i = 0; i < palette->count; i++) {
        int nearest = INT_MAX;
        for (int k = 0; k < palette->count; k++) {
            int r = palette->colour[i][0] - palette->colour[k][0], g = palette->colour[i][1] - palette->colour[k][1];
            int b = palette->colour[i][2] - palette->colour[k][2], between = r * r + g * g + b * b;
            nearest = k != i && between < nearest ? between : nearest;
        }
        state->sure[i] = nearest / 4;
    }
    if (state->transparent >= 0) /* what shows through may be anything */
        state->sure[state->transparent] = -1;
}

/* How long to search: the less may be lost, the longer. */
static void find_effort(SolRemapper *state, double lossy)
{
    double slack = lossy > 0 ? LEAST_SLACK + log2(short_lossy / lossy) : MOST_SLACK;
    slack = slack < LEAST_SLACK ? LEAST_SLACK : slack > MOST_SLACK ? MOST_SLACK : slack;
    state->looks = MOST_LOOKS - (int)(2 * (MOST_SLACK - slack));
    state->slack = (int)(slack * SOL_SLACK);
}

static int begin_frame(SolRemapper *state, const SolRemapFrame *frame, SolLzw *lzw)
{
    const SolPalette *palette = &frame->palette;
    if (sol_lzw_begin(lzw, sol_remap_colours(palette)) != SOL_OK)
        return SOL_ERR_NOMEM;
    state->frame = frame;
    state->lzw = lzw;
    state->map = frame->map;
    state->width = frame->width;
    state->transparent = frame->transparent;
    for (int i = 0; i < palette->count; i++)
        memcpy(lzw->nodes[i].colour, palette->colour[i], 3);
    memset(state->kept, 0, (size_t)lzw->colours * sizeof *state->kept);
    sol_colour_map_set(state->map, palette);
    find_sure(state);
    state->mixing = frame->ordered ? (int)(frame->dither * SOL_STRENGTH) : 0;
    state->strength = frame->ordered ? 0 : (int)(frame->dither * (palette->count > FEW ? SPREAD : SPREAD_OF_FEW));
    state->lossless = frame->lossy <= 0;
    find_effort(state, frame->lossy);
    state->pixels = state->codes = state->errors = 0;
    memset(state->below, 0, ((size_t)frame->width + 2) * sizeof *state->below);
    memset(state->weight, 255, (size_t)frame->width);
    return SOL_OK;
}

int sol_remap(SolRemapper *state, const SolRemapFrame *frame, SolLzw *lzw)
{
    int node = -1, result = begin_frame(state, frame, lzw);
    for (int y = frame->top; y < frame->top + frame->height && result == SOL_OK; y++) {
        uint8_t *screen = frame->screen + 3 * ((size_t)y * (size_t)frame->image->width + (size_t)frame->left);
        result = sol_lzw_reserve(lzw, (size_t)frame->width);
        if (result != SOL_OK)
            break;
        prepare_row(state, y);
        if (frame->await)
            frame->await(frame->context, y);
        node = remap_row(state, screen, node);
        if (frame->done)
            frame->done(frame->context, y);
    }
    if (result != SOL_OK)
        return result;
    sol_lzw_put(lzw, node);
    sol_lzw_end(lzw);
    return SOL_OK;
}
