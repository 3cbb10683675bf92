/* SPDX-License-Identifier: Apache-2.0
 *
 * Remapping, dithering and compression in one walk over the tree of LZW codes.
 *
 * Wanted levels and errors are in sixteenths of a level between pixels, and in whole levels at one. Scores are squared
 * levels in sixteenths, errors among them weighted by `weight` / 64.
 *
 * An eighth of every error is dropped: where the palette has no colour beyond that of the picture, a
 * whole error would be handed on for ever and come out as noise elsewhere.
 */
#include "media/remap.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/blue_noise.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRENGTH = 256,         /* of an error that is spread whole */
    LONGEST = 256,          /* pixels that a search looks ahead */
    BRANCHES = 4,           /* ways on from a node that are tried */
    STARTS = 3,             /* colours that a code may begin with */
    LOOKS = 12,             /* nodes that are looked at for one code */
    BUSIEST = 12 * 255 + 1,
    SLACK = 4,              /* pixels' worth that a way may lie behind the best one, and be followed */
    MOST_WORTH = 1 << 20,
    MIXED = 8               /* colours that a colour is made up of for blue noise */
};

/* An error weighs 3 / (1 + d): d, levels by which a pixel differs from its neighbours on average. */
static const double even_weight = 3 * 64;

struct SolRemapper {
    int *wanted;            /* [width][3] the row's levels and what the rows above brought, sixteenths */
    int *below;             /* [width + 2][3] what the row leaves for the next one, from the column left of the first */
    uint8_t *still;         /* [width] the pixel is as it was in the former picture */
    uint8_t *weight;        /* [width] of an error, 64ths */
    uint8_t weights[BUSIEST]; /* by how much a pixel differs from its neighbours */
    int sure[SOL_PALETTE_MAX]; /* at no more than this squared distance from it, a colour of the palette is the nearest */

    /* the row at hand */
    const SolRemapFrame *frame;
    SolLzw *lzw;
    uint8_t *screen;        /* its first pixel; NULL: nothing can be kept */
    int strength;           /* of STRENGTH */
    int mixing;             /* of STRENGTH: of errors, by which colours are mixed for blue noise; 0: they are not */
    bool lossless;

    /* a search */
    int worth;              /* of a pixel */
    int looks;              /* left */
    int best_score, best_length, common; /* common: of the best way and the one at hand, from the start */
    uint16_t way[LONGEST], best[LONGEST];

    /* the image so far */
    double pixels, codes, errors;
};

/* ---- one pixel ---- */

static int clamp(int level)
{
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

/* The levels that pixel x wants, the one to its left having left `ahead` for it. */
static void want(const SolRemapper *state, int x, const int ahead[3], int level[3])
{
    for (int c = 0; c < 3; c++)
        level[c] = clamp((state->wanted[3 * x + c] + ahead[c] + 8) >> 4);
}

static int distance(const int level[3], const uint8_t colour[3])
{
    int r = level[0] - colour[0], g = level[1] - colour[1], b = level[2] - colour[2];
    return r * r + g * g + b * b;
}

/* What is spread of the error of a pixel. */
static void find_error(const SolRemapper *state, const int level[3], const uint8_t colour[3], int error[3])
{
    for (int c = 0; c < 3; c++)
        error[c] = (level[c] - colour[c]) * state->strength / STRENGTH;
}

/* The colour that pixel x shows with a code's last index. */
static const uint8_t *shown_by(const SolRemapper *state, const SolLzwNode *node, int x)
{
    return node->index == state->frame->transparent ? state->screen + 3 * (ptrdiff_t)x : node->colour;
}

/* The score that a distance beyond the least possible costs at pixel x. */
static int cost(const SolRemapper *state, int x, int found, int least)
{
    return found <= least ? 0 : ((found - least) * state->weight[x]) >> 2;
}

/* ---- searching ---- */

static void note_best(SolRemapper *state, int score, int length)
{
    if (score <= state->best_score)
        return;
    state->best_score = score;
    state->best_length = length;
    memcpy(state->best + state->common, state->way + state->common,
           (size_t)(length > state->common ? length - state->common : 0) * sizeof *state->way);
    state->common = length;
}

/* A way on: a node, and how far the colour that it shows is from what is wanted. */
typedef struct Branch {
    int node, distance;
} Branch;

/* Adds a branch to at most `limit` of them, the nearest first, or leaves it. Returns how many there are. */
static int add_branch(Branch *branches, int count, int limit, Branch branch)
{
    if (count == limit) {
        if (branches[limit - 1].distance <= branch.distance)
            return count;
        count--;
    }
    int at = count++;
    for (; at > 0 && branches[at - 1].distance > branch.distance; at--)
        branches[at] = branches[at - 1];
    branches[at] = branch;
    return count;
}

/*
 * The ways on from a node with pixel x, which wants `level`. *least becomes the least distance that any index could
 * give: of what the screen shows, or of a palette's colour, which is looked up where the nearest branch may not be it.
 */
static int list_branches(SolRemapper *state, int node, int x, const int level[3], int room, Branch *branches,
                         int *least)
{
    const SolLzwNode *nodes = state->lzw->nodes;
    const int transparent = state->frame->transparent;
    bool still = state->screen && state->still[x];
    int count = 0, held, far = 4 * room / state->weight[x] + 1, limit = INT_MAX;
    for (int i = nodes[node].child; i != 0; i = nodes[i].next) {
        int found;
        if (still && nodes[i].index != transparent)
            continue;
        found = distance(level, shown_by(state, &nodes[i], x));
        if (found >= limit)
            continue;
        count = add_branch(branches, count, BRANCHES, (Branch){i, found});
        limit = branches[0].distance + far;
    }
    if (count == 0)
        return 0;
    *least = branches[0].distance;
    if (still)
        return count;
    if (nodes[branches[0].node].index == transparent || *least > state->sure[nodes[branches[0].node].index])
        *least = sol_colour_map_least(state->frame->map, level[0], level[1], level[2]);
    if (state->screen && (held = distance(level, state->screen + 3 * (ptrdiff_t)x)) < *least)
        *least = held;
    return count;
}

/* Finds the best way on from a node, which `depth` pixels before x have led to, with that score. */
static void extend(SolRemapper *state, int node, int x, const int ahead[3], int score, int depth)
{
    Branch branches[BRANCHES];
    int level[3], count, least;
    note_best(state, score, depth);
    if (x == state->frame->width || depth == LONGEST || state->lzw->nodes[node].child == 0 || state->looks <= 0)
        return;
    state->looks--;
    want(state, x, ahead, level);
    count = list_branches(state, node, x, level, score - state->best_score + SLACK * state->worth, branches, &least);
    for (int i = 0; i < count; i++) {
        int lost = cost(state, x, branches[i].distance, least), error[3];
        if ((lost > 0 && state->lossless) || score - lost <= state->best_score - SLACK * state->worth)
            break;
        state->way[depth] = (uint16_t)branches[i].node;
        state->common = depth < state->common ? depth : state->common;
        find_error(state, level, shown_by(state, &state->lzw->nodes[branches[i].node], x), error);
        for (int c = 0; c < 3; c++)
            error[c] *= 7;
        extend(state, branches[i].node, x + 1, error, score + state->worth - lost, depth + 1);
    }
}

/* The colours that a code may begin with at pixel x, the nearest first. */
static int list_starts(SolRemapper *state, int x, const int level[3], Branch *branches)
{
    const int transparent = state->frame->transparent;
    int count = 0, near_count;
    if (state->screen)
        count = add_branch(branches, count, STARTS,
                           (Branch){transparent, distance(level, state->screen + 3 * (ptrdiff_t)x)});
    if (!state->screen || !state->still[x]) {
        const SolNear *near = sol_colour_map_near(state->frame->map, level[0], level[1], level[2], &near_count);
        for (; near_count > 0; near_count--, near++) {
            float distances[SOL_NEAR];
            sol_near_distances(near, (float)level[0], (float)level[1], (float)level[2], distances);
            for (int i = 0; i < SOL_NEAR && near->index[i] >= 0; i++)
                count = add_branch(branches, count, STARTS, (Branch){near->index[i], (int)distances[i]});
        }
    }
    return count;
}

static void set_index(const SolRemapper *state, int node, int index)
{
    SolLzwNode *changed = &state->lzw->nodes[node];
    changed->index = (uint8_t)index;
    if (index != state->frame->transparent)
        memcpy(changed->colour, state->frame->palette.colour[index], 3);
}

static void begin_search(SolRemapper *state, int score)
{
    double spent = state->errors + 12 * state->frame->lossy * (state->codes + 200);
    double worth = 16 * spent / (state->pixels + 600);
    state->worth = state->lossless || worth < 1 ? 1 : worth > MOST_WORTH ? MOST_WORTH : (int)worth;
    state->best_score = score;
    state->best_length = state->common = 0;
    state->looks = LOOKS;
}

/*
 * Finds the best way for a new code from pixel x on. Where the dictionary has room, the string of the code before it,
 * `former`, goes on in there with the first index of the new one, which may thus be that very string.
 */
static void search_start(SolRemapper *state, int former, int x, const int ahead[3])
{
    Branch starts[STARTS];
    int level[3], first = 0, added = former < 0 ? 0 : sol_lzw_add(state->lzw, former, 0), count;
    begin_search(state, INT_MIN);
    want(state, x, ahead, level);
    count = list_starts(state, x, level, starts);
    for (int i = 0; i < count; i++) {
        int lost = cost(state, x, starts[i].distance, starts[0].distance), error[3], best = state->best_score;
        if (i > 0 && ((lost > 0 && state->lossless) || state->worth - lost <= best - SLACK * state->worth))
            break;
        if (added)
            set_index(state, added, starts[i].node);
        state->way[0] = (uint16_t)starts[i].node;
        state->common = 0;
        state->looks = LOOKS;
        find_error(state, level, shown_by(state, &state->lzw->nodes[starts[i].node], x), error);
        for (int c = 0; c < 3; c++)
            error[c] *= 7;
        extend(state, starts[i].node, x + 1, error, state->worth - lost, 1);
        if (state->best_score > best)
            first = starts[i].node;
    }
    if (added)
        set_index(state, added, first);
}

/* ---- rows ---- */

/* Lets pixel x show what the node says, and spreads its error; `ahead` becomes what it leaves for the next pixel. */
static void show(SolRemapper *state, uint8_t *screen, int x, const SolLzwNode *node, int ahead[3])
{
    const uint8_t *colour = shown_by(state, node, x);
    int *below = state->below + 3 * (ptrdiff_t)x, level[3], error[3];
    want(state, x, ahead, level);
    find_error(state, level, colour, error);
    for (int c = 0; c < 3; c++) {
        ahead[c] = 7 * error[c];
        below[c] += 3 * error[c];
        below[c + 3] += 5 * error[c];
        below[c + 6] += error[c];
    }
    memmove(screen + 3 * (ptrdiff_t)x, colour, 3);
}

/* Goes the best way from pixel x on. Returns the node that it ends at, `node` where it has no length. */
static int go(SolRemapper *state, uint8_t *screen, int *x, int node, int ahead[3])
{
    for (int i = 0; i < state->best_length; i++)
        show(state, screen, (*x)++, &state->lzw->nodes[state->best[i]], ahead);
    state->pixels += state->best_length;
    state->errors += ((double)state->best_length * state->worth - state->best_score) / 16;
    return state->best_length > 0 ? state->best[state->best_length - 1] : node;
}

/*
 * Puts a code. Returns what the dictionary can go on from: the code, or -1 where it was full and is begun anew at once: to
 * use it for longer has cost bytes with every clip that was tried.
 */
static int put(SolRemapper *state, int node)
{
    sol_lzw_put(state->lzw, node);
    state->codes++;
    if (state->lzw->count < SOL_LZW_CODES)
        return node;
    sol_lzw_clear(state->lzw);
    return -1;
}

/* Goes through a row, from the node that the one above has led to; -1: none. Returns the node that it leads to. */
static int remap_row(SolRemapper *state, uint8_t *screen, int node)
{
    int ahead[3] = {0}, x = 0, width = state->frame->width;
    while (x < width) {
        if (node >= 0) {
            bool more;
            begin_search(state, 0);
            extend(state, node, x, ahead, 0, 0);
            more = state->best_length == LONGEST || (state->best_length > 0 && state->looks <= 0);
            node = go(state, screen, &x, node, ahead);
            if (more || x == width)
                continue;
            node = put(state, node);
        }
        search_start(state, node, x, ahead);
        node = go(state, screen, &x, node, ahead);
    }
    return node;
}

/* How much each pixel of row y differs from its neighbours says what its errors weigh. */
static void weigh_row(SolRemapper *state, int y)
{
    const SolRemapFrame *frame = state->frame;
    const SolImage *image = frame->image;
    const uint8_t *row = sol_image_row_const(image, y), *above = sol_image_row_const(image, y > 0 ? y - 1 : y);
    const uint8_t *under = sol_image_row_const(image, y < image->height - 1 ? y + 1 : y);
    for (int x = 0; x < frame->width; x++) {
        ptrdiff_t at = 3 * (ptrdiff_t)(frame->left + x), left = frame->left + x > 0 ? at - 3 : at;
        ptrdiff_t right = frame->left + x < image->width - 1 ? at + 3 : at;
        int sum = 0;
        for (int c = 0; c < 3; c++)
            sum += abs(row[left + c] - row[at + c]) + abs(row[right + c] - row[at + c]) +
                   abs(above[at + c] - row[at + c]) + abs(under[at + c] - row[at + c]);
        state->weight[x] = state->weights[sum];
    }
}

/* How bright a colour is, in thousandths. */
static int brightness(const uint8_t *colour)
{
    return 299 * colour[0] + 587 * colour[1] + 114 * colour[2];
}

/*
 * The colours that make up `wanted` together, the darkest first: each that nearest to it and, of `strength`, the errors of
 * those before (after Knoll, US patent 6606166, which has ended).
 */
static void mix(const SolRemapper *state, const uint8_t *wanted, const uint8_t *mixed[MIXED])
{
    int error[3] = {0};
    for (int k = 0; k < MIXED; k++) {
        int level[3], at = k;
        const uint8_t *colour;
        for (int c = 0; c < 3; c++)
            level[c] = clamp(wanted[c] + error[c] * state->mixing / STRENGTH);
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
        for (int c = 0; c < 3; c++)
            state->wanted[3 * x + c] = 16 * colour[c];
    }
}

/* What the pixels of row y want, and which of them stay. */
static void prepare_row(SolRemapper *state, int y)
{
    const SolRemapFrame *frame = state->frame;
    const uint8_t *row = sol_image_row_const(frame->image, y) + 3 * (ptrdiff_t)frame->left;
    for (int i = 0; i < 3 * frame->width; i++)
        state->wanted[i] = 16 * row[i] + state->below[3 + i];
    memset(state->below, 0, ((size_t)frame->width + 2) * 3 * sizeof *state->below);
    memset(state->still, 0, (size_t)frame->width);
    if (frame->former) {
        const uint8_t *former = sol_image_row_const(frame->former, y) + 3 * (ptrdiff_t)frame->left;
        for (int x = 0; x < frame->width; x++)
            state->still[x] = memcmp(row + 3 * x, former + 3 * x, 3) == 0;
    }
    if (state->mixing > 0)
        threshold_row(state, y);
    if (!state->lossless)
        weigh_row(state, y);
}

/* ---- frames ---- */

int sol_remapper_open(SolRemapper **out, int width)
{
    SolRemapper *state = sol_calloc(1, sizeof *state);
    size_t pixels = (size_t)width;
    if (!state)
        return sol_fail_memory("remapping");
    state->wanted = sol_alloc(pixels, 3 * sizeof *state->wanted);
    state->below = sol_alloc(pixels + 2, 3 * sizeof *state->below);
    state->still = sol_alloc(pixels, 1);
    state->weight = sol_alloc(pixels, 1);
    if (!state->wanted || !state->below || !state->still || !state->weight) {
        sol_remapper_close(&state);
        return sol_fail_memory("remapping");
    }
    for (int i = 0; i < BUSIEST; i++) {
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
}

static int begin_frame(SolRemapper *state, const SolRemapFrame *frame, SolLzw *lzw)
{
    const SolPalette *palette = &frame->palette;
    if (sol_lzw_begin(lzw, sol_remap_colours(palette)) != SOL_OK)
        return SOL_ERR_NOMEM;
    state->frame = frame;
    state->lzw = lzw;
    for (int i = 0; i < palette->count; i++)
        set_index(state, i, i);
    sol_colour_map_set(state->frame->map, palette);
    find_sure(state);
    state->mixing = frame->ordered ? (int)(frame->dither * STRENGTH) : 0;
    state->strength = frame->ordered ? 0 : (int)(frame->dither * STRENGTH * 7 / 8);
    state->lossless = frame->lossy <= 0;
    state->pixels = state->codes = state->errors = 0;
    memset(state->below, 0, ((size_t)frame->width + 2) * 3 * sizeof *state->below);
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
        state->screen = frame->transparent < 0 ? NULL : screen;
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
