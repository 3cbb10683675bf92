/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring steadiness: what pixels of a frame are, by the source alone; then, row by row and film by film, sums over
 * those that count. Sums are in double precision and added up in the order of the rows.
 */
#include "temporal/measure.h"

#include "base/error.h"
#include "base/memory.h"
#include "temporal/ssim.h"
#include "temporal/warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES_MAX = 1 + SOL_MEASURE_FILMS_MAX, BAND = 8 /* rows of one item of a pool's loop */ };

/* Sums over a band of rows of one picture. */
typedef struct Sums {
    double warp, flicker;
    double ghost, contrast; /* products of what it and the reference differ by, and the former reference; squares */
    SolEdges edges;
} Sums;

typedef struct Counts {
    int64_t followed, still, uncovered;
} Counts;

struct SolMeasurer {
    int width, height, pictures, bands; /* pictures: the source and the films */
    int reference;                      /* one of the pictures; 0: none */
    SolPool *pool;
    SolFlowFinder *finder;
    SolFlow *back, *forth;
    SolMask *trust;
    SolSsim *ssim;
    SolImage *former[PICTURES_MAX]; /* NULL before the first frame */
    uint8_t *pixels;
    float *luma[PICTURES_MAX];    /* [height][width] of the present frame, .. */
    float *former_luma;           /* .. and of the source's former one */
    Counts *counts;               /* [bands] */
    Sums *sums;                   /* [bands] */
};

static int reserve(SolMeasurer *m)
{
    size_t area;
    if (!sol_mul((size_t)m->width, (size_t)m->height, &area))
        return sol_fail_memory("measuring");
    m->pixels = sol_calloc(area, 1);
    m->former_luma = sol_calloc(area, sizeof(float));
    m->counts = sol_calloc((size_t)m->bands, sizeof *m->counts);
    m->sums = sol_calloc((size_t)m->bands, sizeof *m->sums);
    for (int i = 0; i < m->pictures; i++)
        if (!(m->luma[i] = sol_calloc(area, sizeof(float))))
            return sol_fail_memory("measuring");
    return m->pixels && m->former_luma && m->counts && m->sums ? SOL_OK : sol_fail_memory("measuring");
}

int sol_measurer_open(SolMeasurer **out, int width, int height, int films, int reference, SolPool *pool)
{
    SolMeasurer *m;
    int result;
    if (films < 0 || films > SOL_MEASURE_FILMS_MAX)
        return sol_fail(SOL_ERR_ARGUMENT, "%d films are to be measured: at most %d can be, at once", films,
                        (int)SOL_MEASURE_FILMS_MAX);
    if (reference < -1 || reference >= films)
        return sol_fail(SOL_ERR_ARGUMENT, "film %d of %d cannot be the reference: there is none", reference, films);
    if (!(m = sol_calloc(1, sizeof *m)))
        return sol_fail_memory("measuring");
    *m = (SolMeasurer){.width = width, .height = height, .pictures = 1 + films,
                       .bands = (height + BAND - 1) / BAND, .reference = 1 + reference, .pool = pool};
    result = sol_flow_finder_open(&m->finder, width, height, SOL_FLOW_FINE, pool);
    if (result == SOL_OK)
        result = sol_flow_create(&m->back, width, height);
    if (result == SOL_OK)
        result = sol_flow_create(&m->forth, width, height);
    if (result == SOL_OK)
        result = sol_mask_create(&m->trust, width, height);
    if (result == SOL_OK)
        result = sol_ssim_open(&m->ssim, width, height, pool);
    if (result == SOL_OK)
        result = reserve(m);
    if (result != SOL_OK) {
        sol_measurer_close(&m);
        return result;
    }
    *out = m;
    return SOL_OK;
}

void sol_measurer_close(SolMeasurer **out)
{
    SolMeasurer *m = *out;
    *out = NULL;
    if (!m)
        return;
    sol_flow_finder_close(&m->finder);
    sol_flow_close(&m->back);
    sol_flow_close(&m->forth);
    sol_mask_close(&m->trust);
    sol_ssim_close(&m->ssim);
    for (int i = 0; i < PICTURES_MAX; i++) {
        sol_image_unref(&m->former[i]);
        sol_free(m->luma[i]);
    }
    sol_free(m->pixels);
    sol_free(m->former_luma);
    sol_free(m->counts);
    sol_free(m->sums);
    sol_free(m);
}

const SolFlow *sol_measurer_back(const SolMeasurer *m)
{
    return m->back;
}

const SolFlow *sol_measurer_forth(const SolMeasurer *m)
{
    return m->forth;
}

const uint8_t *sol_measurer_pixels(const SolMeasurer *m)
{
    return m->pixels;
}

/* ---- places between pixels ---- */

/* Where a value between four pixels lies: the upper left one, steps to the next column and row, and how far. */
typedef struct Place {
    size_t at;
    size_t right, below; /* 0 in the last column or row */
    double fx, fy;
} Place;

/* False where (x, y) is not within a picture. */
static bool find_place(int width, int height, double x, double y, Place *place)
{
    int left, top;
    if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1))
        return false;
    left = (int)x;
    top = (int)y;
    *place = (Place){.at = (size_t)top * (size_t)width + (size_t)left, .right = left + 1 < width,
                     .below = top + 1 < height ? (size_t)width : 0, .fx = x - left, .fy = y - top};
    return true;
}

static double between(const Place *p, double a, double b, double c, double d)
{
    double above = a + p->fx * (b - a), below = c + p->fx * (d - c);
    return above + p->fy * (below - above);
}

static double sample(const float *plane, const Place *p)
{
    const float *at = plane + p->at;
    return between(p, (double)at[0], (double)at[p->right], (double)at[p->below], (double)at[p->below + p->right]);
}

/* ---- what pixels are ---- */

typedef struct Classing {
    SolMeasurer *m;
    const SolImage *former, *present; /* of the source */
    const SolFlow *back, *forth;
} Classing;

/* Whether the flow back from a pixel does not lead forth to it again (Ruder et al. 2016, eq. 5). */
static bool is_hidden(const SolFlow *forth, const Place *place, double u, double v)
{
    double fu = sample(forth->u, place), fv = sample(forth->v, place);
    return (fu + u) * (fu + u) + (fv + v) * (fv + v) > 0.01 * (fu * fu + fv * fv + u * u + v * v) + 0.5;
}

/* How much two pixels differ by, in the channel where that is most. */
static int largest_change(const uint8_t *a, const uint8_t *b)
{
    int most = 0;
    for (int c = 0; c < 3; c++)
        most = abs(a[c] - b[c]) > most ? abs(a[c] - b[c]) : most;
    return most;
}

static void class_row(const Classing *c, int y, Counts *counts)
{
    SolMeasurer *m = c->m;
    size_t row = (size_t)y * (size_t)m->width;
    const uint8_t *was = sol_image_row_const(c->former, y), *is = sol_image_row_const(c->present, y);
    for (int x = 0; x < m->width; x++) {
        size_t i = row + (size_t)x;
        double u = (double)c->back->u[i], v = (double)c->back->v[i];
        Place place;
        uint8_t pixel = 0;
        int change = largest_change(was + 3 * x, is + 3 * x);
        if (find_place(m->width, m->height, x + u, y + v, &place)) {
            if (sol_mask_row(m->trust, y)[x] == 255)
                pixel |= SOL_PIXEL_FOLLOWED;
            if (change > SOL_UNCOVERED_LEVELS && is_hidden(c->forth, &place, u, v))
                pixel |= SOL_PIXEL_UNCOVERED;
        }
        if (change <= SOL_STILL_LEVELS && u * u + v * v < SOL_STILL_MOTION * SOL_STILL_MOTION)
            pixel |= SOL_PIXEL_STILL;
        counts->followed += (pixel & SOL_PIXEL_FOLLOWED) != 0;
        counts->still += (pixel & SOL_PIXEL_STILL) != 0;
        counts->uncovered += (pixel & SOL_PIXEL_UNCOVERED) != 0;
        m->pixels[i] = pixel;
    }
}

static void class_band(void *context, int item)
{
    const Classing *c = context;
    Counts *counts = &c->m->counts[item];
    *counts = (Counts){0};
    for (int y = item * BAND; y < (item + 1) * BAND && y < c->m->height; y++)
        class_row(c, y, counts);
}

static Counts class_pixels(SolMeasurer *m, const SolImage *source, const SolFlow *back, const SolFlow *forth)
{
    Classing c = {.m = m, .former = m->former[0], .present = source, .back = back, .forth = forth};
    Counts all = {0};
    sol_flow_trust(back, forth, m->trust, m->pool);
    sol_pool_run(m->pool, class_band, &c, m->bands);
    for (int i = 0; i < m->bands; i++) {
        all.followed += m->counts[i].followed;
        all.still += m->counts[i].still;
        all.uncovered += m->counts[i].uncovered;
    }
    return all;
}

/* ---- what films make of them ---- */

typedef struct Summing {
    SolMeasurer *m;
    const SolFlow *back;
    const SolImage *former, *present; /* of the film, .. */
    const SolImage *reference_former, *reference; /* .. and of the reference; NULL: there is none */
    const float *source, *luma;                   /* of the present frame */
} Summing;

/* The squares of what a pixel differs by from where it was, in levels, summed over channels. */
static double warp_difference(const Summing *s, const uint8_t *is, const Place *p)
{
    size_t width = (size_t)s->m->width, y = p->at / width, x = p->at % width;
    const uint8_t *above = sol_image_row_const(s->former, (int)y) + 3 * x;
    const uint8_t *below = p->below ? above + s->former->stride : above;
    double sum = 0;
    for (size_t c = 0; c < 3; c++) {
        double d = is[c] - between(p, above[c], above[3 * p->right + c], below[c], below[3 * p->right + c]);
        sum += d * d;
    }
    return sum;
}

static double gradient(const float *luma, size_t at, size_t width)
{
    double dx = (double)luma[at + 1] - (double)luma[at - 1], dy = (double)luma[at + width] - (double)luma[at - width];
    return sqrt(dx * dx + dy * dy) / 2;
}

static void add_edges(const Summing *s, size_t at, SolEdges *e)
{
    size_t width = (size_t)s->m->width;
    double present = gradient(s->source, at, width), former = gradient(s->m->former_luma, at, width);
    double film = gradient(s->luma, at, width);
    e->count++;
    e->present += present;
    e->former += former;
    e->film += film;
    e->present2 += present * present;
    e->both += present * former;
    e->former2 += former * former;
    e->present_film += present * film;
    e->former_film += former * film;
}

static void add_ghost(const Summing *s, int x, int y, Sums *sums)
{
    const uint8_t *film = sol_image_row_const(s->present, y) + 3 * x;
    const uint8_t *fresh = sol_image_row_const(s->reference, y) + 3 * x;
    const uint8_t *gone = sol_image_row_const(s->reference_former, y) + 3 * x;
    for (int c = 0; c < 3; c++) {
        sums->ghost += (film[c] - fresh[c]) * (gone[c] - fresh[c]);
        sums->contrast += (gone[c] - fresh[c]) * (gone[c] - fresh[c]);
    }
}

static void sum_row(const Summing *s, int y, Sums *sums)
{
    const SolMeasurer *m = s->m;
    size_t row = (size_t)y * (size_t)m->width;
    const uint8_t *was = sol_image_row_const(s->former, y), *is = sol_image_row_const(s->present, y);
    for (int x = 0; x < m->width; x++) {
        size_t i = row + (size_t)x;
        Place place;
        if (m->pixels[i] & SOL_PIXEL_FOLLOWED &&
            find_place(m->width, m->height, x + (double)s->back->u[i], y + (double)s->back->v[i], &place))
            sums->warp += warp_difference(s, is + 3 * x, &place);
        if (m->pixels[i] & SOL_PIXEL_STILL)
            for (int c = 0; c < 3; c++)
                sums->flicker += abs(is[3 * x + c] - was[3 * x + c]);
        if (m->pixels[i] & SOL_PIXEL_UNCOVERED && s->reference)
            add_ghost(s, x, y, sums);
        if (m->pixels[i] & SOL_PIXEL_UNCOVERED && x > 0 && y > 0 && x + 1 < m->width && y + 1 < m->height)
            add_edges(s, i, &sums->edges);
    }
}

static void sum_band(void *context, int item)
{
    const Summing *s = context;
    Sums *sums = &s->m->sums[item];
    *sums = (Sums){0};
    for (int y = item * BAND; y < (item + 1) * BAND && y < s->m->height; y++)
        sum_row(s, y, sums);
}

void sol_edges_add(SolEdges *sum, const SolEdges *edges)
{
    sum->count += edges->count;
    sum->present += edges->present;
    sum->former += edges->former;
    sum->film += edges->film;
    sum->present2 += edges->present2;
    sum->both += edges->both;
    sum->former2 += edges->former2;
    sum->present_film += edges->present_film;
    sum->former_film += edges->former_film;
}

double sol_echo(const SolEdges *e)
{
    double count = fmax(e->count, 1), pp = e->present2 - e->present * e->present / count;
    double ff = e->former2 - e->former * e->former / count, pf = e->both - e->present * e->former / count;
    double px = e->present_film - e->present * e->film / count, fx = e->former_film - e->former * e->film / count;
    double now = px * ff - fx * pf, then = fx * pp - px * pf;
    if (!(pp * ff - pf * pf > 1e-6 * pp * ff))
        return (double)NAN; /* nothing has moved there, or there are no edges */
    if (then <= 0)
        return 0;
    return now <= 0 ? 1 : then / (now + then);
}

static void add_sums(Sums *to, const Sums *from)
{
    to->warp += from->warp;
    to->flicker += from->flicker;
    to->ghost += from->ghost;
    to->contrast += from->contrast;
    sol_edges_add(&to->edges, &from->edges);
}

/* By sums over its pixels; *contrast is what the reference has changed by. */
static SolMeasured measure_film(SolMeasurer *m, int film, SolImage *const present[], const SolFlow *back,
                                const Counts *counts, double *contrast)
{
    Summing s = {.m = m, .back = back, .former = m->former[film], .present = present[film], .source = m->luma[0],
                 .luma = m->luma[film]};
    SolMeasured found = {.warp = (double)NAN, .flicker = (double)NAN, .ghosting = (double)NAN};
    Sums all = {0};
    found.ssim = sol_ssim(m->ssim, m->luma[0], m->luma[film]);
    if (!counts)
        return found;
    if (m->reference > 0 && film > 0) {
        s.reference = present[m->reference];
        s.reference_former = m->former[m->reference];
    }
    sol_pool_run(m->pool, sum_band, &s, m->bands);
    for (int i = 0; i < m->bands; i++)
        add_sums(&all, &m->sums[i]);
    if (counts->followed > 0)
        found.warp = all.warp / (3 * 255.0 * 255.0 * (double)counts->followed);
    if (counts->still > 0)
        found.flicker = all.flicker / (3 * (double)counts->still);
    if (all.contrast > 0)
        found.ghosting = 1 + all.ghost / all.contrast;
    found.edges = all.edges;
    *contrast = all.contrast;
    return found;
}

/* ---- frame by frame ---- */

void sol_measurer_next_by(SolMeasurer *m, SolImage *source, SolImage *const films[], const SolFlow *back,
                          const SolFlow *forth, SolMeasuredMotion *motion, SolMeasured measured[])
{
    double area = (double)m->width * m->height;
    float *former = m->former_luma;
    SolImage *present[PICTURES_MAX] = {source};
    Counts counts = {0};
    *motion = (SolMeasuredMotion){.former = m->former[0] != NULL};
    m->former_luma = m->luma[0];
    m->luma[0] = former;
    if (motion->former) {
        counts = class_pixels(m, source, back, forth);
        motion->followed = (double)counts.followed / area;
        motion->still = (double)counts.still / area;
        motion->uncovered = (double)counts.uncovered / area;
        motion->cut = motion->followed < SOL_MEASURE_CUT;
        motion->former = !motion->cut;
    }
    for (int i = 0; i < m->pictures; i++) {
        present[i] = i == 0 ? source : films[i - 1];
        sol_luma(present[i], m->luma[i], m->pool);
    }
    for (int i = 0; i < m->pictures; i++)
        measured[i] = measure_film(m, i, present, back, motion->former ? &counts : NULL, &motion->contrast);
    for (int i = 0; i < m->pictures; i++) {
        sol_image_ref(present[i]);
        sol_image_unref(&m->former[i]);
        m->former[i] = present[i];
    }
}

void sol_measurer_next(SolMeasurer *m, SolImage *source, SolImage *const films[], SolMeasuredMotion *motion,
                       SolMeasured measured[])
{
    sol_flow_finder_push(m->finder, source);
    if (sol_flow_finder_count(m->finder) == 2) {
        sol_flow_backward(m->finder, m->back);
        sol_flow_forward(m->finder, m->forth);
    }
    sol_measurer_next_by(m, source, films, m->back, m->forth, motion, measured);
}
