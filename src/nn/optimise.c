/* SPDX-License-Identifier: Apache-2.0
 *
 * Optimisers. Vectors are worked on in pieces that stay in a core's cache, so that a sum and the product that follows
 * it read memory once; products are summed piece by piece in a fixed order.
 */
#include "nn/optimise.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

enum {
    PIECE = 1 << 14,  /* numbers */
    SEARCH_MAX = 20   /* evaluations of a line search */
};

static const double C1 = 1e-4, C2 = 0.9; /* of the Wolfe conditions */

struct SolOptimiser {
    SolOptimiserOptions options;
    size_t count;
    SolObjective objective;
    void *context;
    SolPool *pool;
    const SolRowKernels *kernels;
    double *parts; /* sums of pieces */
    float *memory; /* of all vectors */
    float *x, *gradient;
    double value;
    int evaluations, steps;
    /* lbfgs */
    float *direction, *trial, *trial_gradient, *low_gradient;
    float *moves[SOL_HISTORY_MAX], *changes[SOL_HISTORY_MAX]; /* of x and of the gradient, the oldest first */
    double curvature[SOL_HISTORY_MAX];                        /* 1 / (move . change) */
    int remembered;
    /* adam */
    float *mean, *square, *best;
    float unit; /* that gradients are multiplied by */
    double best_value;
};

/* ---- vectors ---- */

/* to = a + scale * b, or without `b` scale * a, and then to . with; without `to` or `with`, only the other. */
typedef struct Work {
    const SolOptimiser *o;
    const float *a, *b, *with;
    float scale;
    float *to;
} Work;

static size_t piece_length(const SolOptimiser *o, size_t from)
{
    return o->count - from < PIECE ? o->count - from : PIECE;
}

static int pieces(const SolOptimiser *o)
{
    return (int)((o->count + PIECE - 1) / PIECE);
}

static void work_on_piece(void *context, int item)
{
    const Work *w = context;
    size_t from = (size_t)item * PIECE, length = piece_length(w->o, from);
    double sums[SOL_LANES] = {0};
    const float *a = w->a + from;
    if (w->to && w->b)
        w->o->kernels->combine(a, w->scale, w->b + from, length, w->to + from);
    else if (w->to)
        w->o->kernels->affine(a, length, 0, w->scale, 0, w->to + from);
    if (w->to)
        a = w->to + from;
    if (w->with)
        w->o->kernels->dot(a, w->with + from, length, sums);
    for (int l = 1; l < SOL_LANES; l++)
        sums[0] += sums[l];
    w->o->parts[item] = sums[0];
}

static double work(const Work *w)
{
    double sum = 0;
    sol_pool_run(w->o->pool, work_on_piece, (void *)w, pieces(w->o));
    for (int i = 0; i < pieces(w->o); i++)
        sum += w->o->parts[i];
    return sum;
}

static double dot(const SolOptimiser *o, const float *a, const float *b)
{
    const Work w = {.o = o, .a = a, .with = b};
    return work(&w);
}

/* to = a + scale * b, or without `b` scale * a; returns to . with, where `with` is not NULL. */
static double combine(const SolOptimiser *o, const float *a, double scale, const float *b, float *to, const float *with)
{
    const Work w = {.o = o, .a = a, .b = b, .with = with, .scale = (float)scale, .to = to};
    return work(&w);
}

static double evaluate(SolOptimiser *o, const float *x, float *gradient)
{
    o->evaluations++;
    return o->objective(o->context, x, gradient);
}

static void swap(float **a, float **b)
{
    float *kept = *a;
    *a = *b;
    *b = kept;
}

/* ---- the line search ---- */

/* A point x + t * direction: the function there, and its slope along the direction. */
typedef struct Point {
    double t, value, slope;
} Point;

static Point look(SolOptimiser *o, double t)
{
    Point p = {.t = t};
    combine(o, o->x, t, o->direction, o->trial, NULL);
    p.value = evaluate(o, o->trial, o->trial_gradient);
    p.slope = dot(o, o->trial_gradient, o->direction);
    return p;
}

static bool is_sound(const Point *p)
{
    return isfinite(p->value) && isfinite(p->slope);
}

/* Where the cubic through two points has its minimum; NaN for nowhere (Nocedal & Wright, eq. 3.59). */
static double cubic_minimum(const Point *a, const Point *b)
{
    double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->t - b->t);
    double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), b->t - a->t);
    return b->t - (b->t - a->t) * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
}

static bool falls_enough(const Point *start, const Point *p)
{
    return p->value <= start->value + C1 * p->t * start->slope;
}

static bool is_flat_enough(const Point *start, const Point *p)
{
    return fabs(p->slope) <= -C2 * start->slope;
}

/* Algorithm 3.6: between `low`, whose gradient is in o->low_gradient, and `high`. */
static Point zoom(SolOptimiser *o, const Point *start, Point low, Point high, int left)
{
    for (; left > 0; left--) {
        double width = fabs(high.t - low.t), least = fmin(low.t, high.t) + 0.1 * width;
        double t = is_sound(&high) ? cubic_minimum(&low, &high) : NAN;
        Point p;
        if (!(t >= least && t <= least + 0.8 * width))
            t = isfinite(t) ? (t < least ? least : least + 0.8 * width) : (low.t + high.t) / 2;
        p = look(o, t);
        if (!is_sound(&p) || !falls_enough(start, &p) || p.value >= low.value) {
            high = p;
            continue;
        }
        if (p.slope * (high.t - low.t) >= 0)
            high = low;
        low = p;
        swap(&o->trial_gradient, &o->low_gradient);
        if (is_flat_enough(start, &low))
            break;
    }
    return low;
}

/* Algorithm 3.5 from a first guess. The gradient at the point found, if that is better than the start (whose t is
   0), is in o->low_gradient. */
static Point search(SolOptimiser *o, Point start, double t)
{
    Point before = start;
    for (int i = 1; i <= SEARCH_MAX; i++) {
        Point p = look(o, t);
        double guess;
        if (!is_sound(&p) || !falls_enough(&start, &p) || (i > 1 && p.value >= before.value))
            return zoom(o, &start, before, p, SEARCH_MAX - i);
        swap(&o->trial_gradient, &o->low_gradient);
        if (is_flat_enough(&start, &p))
            return p;
        if (p.slope >= 0)
            return zoom(o, &start, p, before, SEARCH_MAX - i);
        guess = cubic_minimum(&before, &p);
        t = guess > 1.1 * p.t && guess < 10 * p.t ? guess : isfinite(guess) && guess <= 1.1 * p.t ? 1.1 * p.t : 10 * p.t;
        before = p;
    }
    return before;
}

/* ---- lbfgs ---- */

/* Algorithm 7.4: o->direction = -H gradient. */
static void find_direction(SolOptimiser *o)
{
    double weights[SOL_HISTORY_MAX], product;
    int newest = o->remembered - 1;
    float *q = o->direction;
    if (newest < 0) {
        combine(o, o->gradient, -1, NULL, q, NULL);
        return;
    }
    product = dot(o, o->gradient, o->moves[newest]);
    for (int i = newest; i >= 0; i--) {
        weights[i] = o->curvature[i] * product;
        product = combine(o, i == newest ? o->gradient : q, -weights[i], o->changes[i], q,
                          i > 0 ? o->moves[i - 1] : NULL);
    }
    product = 1 / (o->curvature[newest] * dot(o, o->changes[newest], o->changes[newest])); /* eq. 7.20 */
    product = combine(o, q, -product, NULL, q, o->changes[0]);
    for (int i = 0; i <= newest; i++)
        product = combine(o, q, -o->curvature[i] * product - weights[i], o->moves[i], q,
                          i < newest ? o->changes[i + 1] : NULL);
}

/* Goes to the point found, and remembers what that tells about the curvature. */
static void move(SolOptimiser *o, const Point *to)
{
    float *moved, *change;
    double curvature;
    if (o->remembered == o->options.history) {
        moved = o->moves[0];
        change = o->changes[0];
        o->remembered--;
        memmove(o->moves, o->moves + 1, (size_t)o->remembered * sizeof *o->moves);
        memmove(o->changes, o->changes + 1, (size_t)o->remembered * sizeof *o->changes);
        memmove(o->curvature, o->curvature + 1, (size_t)o->remembered * sizeof *o->curvature);
        o->moves[o->remembered] = moved;
        o->changes[o->remembered] = change;
    }
    moved = o->moves[o->remembered];
    change = o->changes[o->remembered];
    combine(o, o->x, to->t, o->direction, o->trial, NULL);
    combine(o, o->trial, -1, o->x, moved, NULL);
    curvature = combine(o, o->low_gradient, -1, o->gradient, change, moved);
    swap(&o->x, &o->trial);
    swap(&o->gradient, &o->low_gradient);
    o->value = to->value;
    if (curvature > 0 && isfinite(1 / curvature)) /* it is where the search ended as it should */
        o->curvature[o->remembered++] = 1 / curvature;
}

static bool step_lbfgs(SolOptimiser *o)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        Point start = {.value = o->value}, found;
        double first = 1;
        find_direction(o);
        start.slope = dot(o, o->gradient, o->direction);
        if (o->remembered == 0)
            first = o->options.first * sqrt((double)o->count / -start.slope);
        if (!isfinite(first) || !(start.slope < 0))
            found = start;
        else
            found = search(o, start, first);
        if (found.t > 0) {
            move(o, &found);
            return true;
        }
        if (o->remembered == 0)
            return false;
        o->remembered = 0; /* once more, downhill */
    }
    return false;
}

/* ---- adam ---- */

static void adam_piece(void *context, int item)
{
    SolOptimiser *o = context;
    size_t from = (size_t)item * PIECE, end = from + piece_length(o, from);
    const float keep = 0.9f, keep_square = 0.999f;
    float unbias = (float)(1 / (1 - pow(0.9, o->steps))), unbias_square = (float)(1 / (1 - pow(0.999, o->steps)));
    float rate = (float)o->options.rate;
    for (size_t i = from; i < end; i++) {
        float g = o->gradient[i] * o->unit;
        o->mean[i] = keep * o->mean[i] + (1 - keep) * g;
        o->square[i] = keep_square * o->square[i] + (1 - keep_square) * g * g;
        o->x[i] -= rate * (o->mean[i] * unbias) / (sqrtf(o->square[i] * unbias_square) + 1e-8f);
    }
}

/* Gradients are counted in the first one's root mean square: tiny ones would vanish beside Adam's 1e-8. */
static bool step_adam(SolOptimiser *o)
{
    double square = dot(o, o->gradient, o->gradient) / (double)o->count;
    if (!(square > 0) || !isfinite(square))
        return false;
    if (o->steps++ == 0)
        o->unit = (float)(1 / sqrt(square));
    sol_pool_run(o->pool, adam_piece, o, pieces(o));
    o->value = evaluate(o, o->x, o->gradient);
    if (!isfinite(o->value))
        return false;
    if (o->value < o->best_value) {
        o->best_value = o->value;
        memcpy(o->best, o->x, o->count * sizeof *o->x);
    }
    return true;
}

/* ---- both ---- */

/* Gives every vector its part of the memory. */
static void share_memory(SolOptimiser *o, size_t stride)
{
    float *next = o->memory;
    float **lbfgs[] = {&o->direction, &o->trial, &o->trial_gradient, &o->low_gradient};
    float **adam[] = {&o->mean, &o->square, &o->best};
    o->x = next;
    o->gradient = next += stride;
    for (int i = 0; i < 4 && o->options.kind == SOL_LBFGS; i++)
        *lbfgs[i] = next += stride;
    for (int i = 0; i < o->options.history && o->options.kind == SOL_LBFGS; i++) {
        o->moves[i] = next += stride;
        o->changes[i] = next += stride;
    }
    for (int i = 0; i < 3 && o->options.kind == SOL_ADAM; i++)
        *adam[i] = next += stride;
}

int sol_optimiser_open(SolOptimiser **out, const SolOptimiserOptions *options, size_t count, SolObjective objective,
                       void *context, SolPool *pool)
{
    SolOptimiser *o = sol_calloc(1, sizeof *o);
    size_t vectors, stride, numbers;
    if (!o)
        return sol_fail_memory("an optimiser");
    *o = (SolOptimiser){.options = *options, .count = count, .objective = objective, .context = context, .pool = pool,
                        .kernels = sol_kernels()->rows, .value = INFINITY, .best_value = INFINITY};
    o->options.history = !options->history                    ? 10
                         : options->history > SOL_HISTORY_MAX ? SOL_HISTORY_MAX
                                                              : options->history;
    o->options.first = options->first > 0 ? options->first : 0.01;
    o->options.rate = options->rate > 0 ? options->rate : 0.02;
    vectors = options->kind == SOL_ADAM ? 5 : 6 + 2 * (size_t)o->options.history;
    if (sol_add(count, SOL_LANES, &stride)) {
        stride -= stride % SOL_LANES;
        if (sol_mul(stride, vectors, &numbers))
            o->memory = sol_calloc(numbers, sizeof *o->memory);
        o->parts = sol_alloc(count / PIECE + 1, sizeof *o->parts);
    }
    if (!o->memory || !o->parts) {
        sol_optimiser_close(&o);
        return sol_fail_memory("an optimiser");
    }
    share_memory(o, stride);
    *out = o;
    return SOL_OK;
}

float *sol_optimiser_start(SolOptimiser *o)
{
    return o->x;
}

bool sol_optimiser_step(SolOptimiser *o)
{
    if (o->evaluations == 0) {
        o->value = o->best_value = evaluate(o, o->x, o->gradient);
        if (o->best)
            memcpy(o->best, o->x, o->count * sizeof *o->x);
    }
    if (!isfinite(o->value))
        return false;
    return o->options.kind == SOL_ADAM ? step_adam(o) : step_lbfgs(o);
}

const float *sol_optimiser_best(const SolOptimiser *o)
{
    return o->best ? o->best : o->x;
}

double sol_optimiser_value(const SolOptimiser *o)
{
    return o->best ? o->best_value : o->value;
}

int sol_optimiser_evaluations(const SolOptimiser *o)
{
    return o->evaluations;
}

void sol_optimiser_close(SolOptimiser **out)
{
    SolOptimiser *o = *out;
    if (!o)
        return;
    sol_free(o->memory);
    sol_free(o->parts);
    sol_free(o);
    *out = NULL;
}
