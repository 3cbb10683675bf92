/* SPDX-License-Identifier: Apache-2.0
 *
 * What hangs together in a mask, by runs: stretches of a row, joined with those that they touch in the row above
 * (union-find). Islands are of pixels of 128 and more; the weaker ones around them are looked at as what hangs together
 * with any coverage at all.
 */
#include "region/clean.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct Run {
    int x0, x1;       /* x0..x1-1 */
    uint32_t parent;  /* the run itself: a root */
    bool stays;       /* of a root: whether it was decided so */
    uint8_t edges;    /* of a root: the frame's edges that the component touches */
    int64_t area;     /* of a root: pixels */
    int64_t known;    /* of a root: pixels of the mask before */
} Run;

typedef struct Runs {
    Run *runs;
    size_t capacity, count;
    size_t *rows;     /* [height + 1] the first run of each row */
} Runs;

static void close_runs(Runs *r)
{
    free(r->runs);
    sol_free(r->rows);
}

static uint32_t root_of(Run *runs, uint32_t i)
{
    while (runs[i].parent != i) {
        runs[i].parent = runs[runs[i].parent].parent;
        i = runs[i].parent;
    }
    return i;
}

/* The smaller index becomes the root, so that the outcome does not depend on the order. */
static void join(Run *runs, uint32_t a, uint32_t b)
{
    a = root_of(runs, a);
    b = root_of(runs, b);
    if (a < b)
        runs[b].parent = a;
    else
        runs[a].parent = b;
}

/* The first pixel from x on that is (or is not) at least `low`, 1 or 128; eight at a time while that lasts. */
static int skip(const uint8_t *row, int x, int width, int low, bool is)
{
    const uint64_t tops = 0x8080808080808080u, rest = ~tops;
    while (x + 8 <= width) {
        uint64_t eight;
        memcpy(&eight, row + x, sizeof eight);
        if (low == 1)
            eight |= (eight & rest) + rest;
        if ((eight & tops) != (is ? 0 : tops))
            break;
        x += 8;
    }
    while (x < width && (row[x] >= low) != is)
        x++;
    return x;
}

static bool find_row(Runs *r, const uint8_t *row, int width, int low)
{
    for (int x = skip(row, 0, width, low, true); x < width; x = skip(row, x, width, low, true)) {
        void *grown = r->runs;
        int end = skip(row, x, width, low, false);
        if (r->count >= UINT32_MAX || !sol_grow(&grown, &r->capacity, r->count + 1, sizeof *r->runs))
            return false;
        r->runs = grown;
        r->runs[r->count] = (Run){.x0 = x, .x1 = end, .parent = (uint32_t)r->count};
        r->count++;
        x = end;
    }
    return true;
}

/* Joins the runs of row y with those above; `corners`: also where they touch at a corner only. */
static void join_row(Runs *r, int y, int corners)
{
    size_t above = r->rows[y - 1], here = r->rows[y], end = r->count;
    while (above < r->rows[y] && here < end) {
        const Run *a = &r->runs[above], *b = &r->runs[here];
        if (a->x0 < b->x1 + corners && b->x0 < a->x1 + corners)
            join(r->runs, (uint32_t)above, (uint32_t)here);
        if (a->x1 < b->x1)
            above++;
        else
            here++;
    }
}

static int find_runs(Runs *r, const SolMask *mask, int low, bool corners)
{
    r->rows = sol_alloc((size_t)mask->height + 1, sizeof *r->rows);
    if (!r->rows)
        return sol_fail_memory("a mask's islands");
    for (int y = 0; y < mask->height; y++) {
        r->rows[y] = r->count;
        if (!find_row(r, sol_mask_row(mask, y), mask->width, low))
            return sol_fail_memory("a mask's islands");
        if (y > 0)
            join_row(r, y, corners);
    }
    r->rows[mask->height] = r->count;
    return SOL_OK;
}

static int known_pixels(const Run *run, const uint8_t *before, uint8_t flip)
{
    int known = 0;
    for (int x = run->x0; x < run->x1; x++)
        known += (before[x] ^ flip) >> 7;
    return known;
}

/* Measures components, and decides which stay. `flip` is 255 where the mask is one that was turned round. */
static void decide(Runs *r, const SolMask *mask, const SolIslands *islands, uint8_t flip)
{
    for (int y = 0; y < mask->height; y++)
        for (size_t i = r->rows[y]; i < r->rows[y + 1]; i++) {
            Run *run = &r->runs[i], *root = &r->runs[root_of(r->runs, (uint32_t)i)];
            root->area += run->x1 - run->x0;
            root->edges |= (uint8_t)((y == 0 ? SOL_EDGE_TOP : 0) | (y == mask->height - 1 ? SOL_EDGE_BOTTOM : 0) |
                                     (run->x0 == 0 ? SOL_EDGE_LEFT : 0) |
                                     (run->x1 == mask->width ? SOL_EDGE_RIGHT : 0));
            if (islands->before)
                root->known += known_pixels(run, sol_mask_row(islands->before, y), flip);
        }
    for (size_t i = 0; i < r->count; i++) {
        Run *run = &r->runs[i];
        bool old = islands->before && run->known * 2 >= run->area;
        run->stays = (double)run->area >= islands->smallest * (old ? 0.5 : 1) &&
                     (!islands->touching || (run->edges & islands->touching));
    }
}

/* Clears what does not stay in a row: runs of any coverage whose component holds no island that stays, and islands. */
static void clear_row(Runs *all, Runs *strong, int y, uint8_t *row)
{
    for (size_t i = all->rows[y]; i < all->rows[y + 1]; i++)
        if (!all->runs[root_of(all->runs, (uint32_t)i)].stays)
            memset(row + all->runs[i].x0, 0, (size_t)(all->runs[i].x1 - all->runs[i].x0));
    for (size_t i = strong->rows[y]; i < strong->rows[y + 1]; i++)
        if (!strong->runs[root_of(strong->runs, (uint32_t)i)].stays)
            memset(row + strong->runs[i].x0, 0, (size_t)(strong->runs[i].x1 - strong->runs[i].x0));
}

/* Marks the components of any coverage that an island which stays lies in. */
static void hold_on(Runs *all, Runs *strong, int height)
{
    for (int y = 0; y < height; y++) {
        size_t a = all->rows[y];
        for (size_t i = strong->rows[y]; i < strong->rows[y + 1]; i++) {
            while (all->runs[a].x1 <= strong->runs[i].x0)
                a++;
            if (strong->runs[root_of(strong->runs, (uint32_t)i)].stays)
                all->runs[root_of(all->runs, (uint32_t)a)].stays = true;
        }
    }
}

static int drop(SolMask *mask, const SolIslands *islands, bool corners, uint8_t flip)
{
    Runs strong = {0}, all = {0};
    int code = find_runs(&strong, mask, 128, corners);
    if (!code)
        code = find_runs(&all, mask, 1, corners);
    if (!code) {
        decide(&strong, mask, islands, flip);
        hold_on(&all, &strong, mask->height);
        for (int y = 0; y < mask->height; y++)
            clear_row(&all, &strong, y, sol_mask_row(mask, y));
    }
    close_runs(&strong);
    close_runs(&all);
    return code;
}

int sol_mask_drop_islands(SolMask *mask, const SolIslands *islands)
{
    return drop(mask, islands, true, 0);
}

int sol_mask_fill_holes(SolMask *mask, const SolIslands *islands)
{
    int code;
    sol_mask_invert(mask);
    code = drop(mask, islands, false, 255);
    sol_mask_invert(mask);
    return code;
}
