/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees: growing by repeated forking, light through the crown by counting
 * the leaves in the way, and drawing from back to front.
 */
#include "tree.h"

#include <math.h>
#include <stdlib.h>

#include "noise.h"

enum { GRID = 28, MAX_BRANCHES = 24000 };

struct vec {
    float x, y, z;
};

struct branch {
    struct vec a, b;
    float ra, rb;
    int twig;
};

struct leaf {
    struct vec p;
    float size, turn, light, hue, phase;
};

struct tree {
    struct branch *branches;
    int branch_count;
    struct leaf *leaves;
    int leaf_count;
};

struct growth {
    struct tree *t;
    const struct tree_kind *kind;
    struct rng rng;
    struct vec *tips;
    int tip_count;
};

static struct vec add(struct vec a, struct vec b, float k)
{
    return (struct vec){a.x + b.x * k, a.y + b.y * k, a.z + b.z * k};
}

static struct vec unit(struct vec a)
{
    float n = 1.0f / sqrtf(a.x * a.x + a.y * a.y + a.z * a.z + 1e-9f);

    return (struct vec){a.x * n, a.y * n, a.z * n};
}

static struct vec wander(struct rng *r)
{
    struct vec v;

    v.x = rng_bell(r); /* one by one: the order of draws must not be left open */
    v.y = rng_bell(r);
    v.z = rng_bell(r);
    return v;
}

static void add_branch(struct growth *g, struct vec a, struct vec b, float ra, float rb, int twig)
{
    if (g->t->branch_count < MAX_BRANCHES)
        g->t->branches[g->t->branch_count++] = (struct branch){a, b, ra, rb, twig};
}

static void add_tip(struct growth *g, struct vec p)
{
    if (g->tip_count < MAX_BRANCHES)
        g->tips[g->tip_count++] = p;
}

/* A direction `angle` away from d, on a random side of it. */
static struct vec fork_from(struct growth *g, struct vec d, float angle)
{
    struct vec w = unit(wander(&g->rng));
    float along = w.x * d.x + w.y * d.y + w.z * d.z;
    struct vec side = unit(add(w, d, -along));
    struct vec out = {d.x * cosf(angle), d.y * cosf(angle), d.z * cosf(angle)};

    return unit(add(out, side, sinf(angle)));
}

static void grow(struct growth *g, struct vec p, struct vec d, float len, float rad, int level)
{
    const struct tree_kind *k = g->kind;
    int parts = level == 0 ? 5 : 3;
    float thin = level == 0 ? 0.72f : 0.62f;
    int forks;

    for (int i = 0; i < parts; i++) {
        float ra = rad * mixf(1.0f, thin, (float)i / (float)parts);
        float rb = rad * mixf(1.0f, thin, (float)(i + 1) / (float)parts);
        struct vec q;

        d = add(d, wander(&g->rng), k->bend * (level == 0 ? 0.4f : 1.0f));
        d.y += k->lift * (level > 0 ? 0.12f : 0.05f);
        d = unit(d);
        q = add(p, d, len / (float)parts);
        add_branch(g, p, q, ra, rb, level + 2 >= k->levels);
        if (level + 2 >= k->levels)
            add_tip(g, q);
        p = q;
        if (level > 0 && level + 1 < k->levels && i + 1 < parts && rng_unit(&g->rng) < 0.45f)
            grow(g, p, fork_from(g, d, k->spread * 1.3f), len * k->shrink * 0.7f, rb * 0.5f,
                 level + 2);
    }
    if (level + 1 >= k->levels)
        return;
    forks = level == 0 ? 4 : 2 + (rng_unit(&g->rng) < 0.35f);
    for (int i = 0; i < forks; i++) {
        float angle = k->spread * rng_span(&g->rng, 0.55f, 1.25f) * (i == 0 ? 0.5f : 1.0f);
        float longer = k->shrink * rng_span(&g->rng, 0.8f, 1.1f);

        grow(g, p, fork_from(g, d, angle), len * longer, rad * thin * (i == 0 ? 0.85f : 0.66f),
             level + 1);
    }
}

/* A straight stem with tiers of drooping boughs. */
static void grow_conifer(struct growth *g)
{
    const struct tree_kind *k = g->kind;
    struct vec top = {0.0f, 1.0f, 0.0f};
    struct vec foot = {0.0f, 0.0f, 0.0f};
    int tiers = 30;

    add_branch(g, foot, top, k->girth, k->girth * 0.15f, 0);
    for (int i = 0; i < tiers; i++) {
        float y = mixf(k->trunk, 0.985f, (float)i / (float)(tiers - 1));
        float reach = k->spread * powf(1.0f - y, 0.8f) + 0.012f;
        int boughs = 7;

        for (int j = 0; j < boughs; j++) {
            float turn = rng_span(&g->rng, 0.0f, 6.283f);
            float r = reach * rng_span(&g->rng, 0.65f, 1.1f);
            struct vec p = {0.0f, y + rng_span(&g->rng, -0.012f, 0.012f), 0.0f};

            for (int part = 0; part < 4; part++) {
                float dip = (0.10f + 0.16f * (float)part) * r * 0.6f;
                struct vec q = {p.x + cosf(turn) * r * 0.25f, p.y - dip * 0.5f,
                                p.z + sinf(turn) * r * 0.25f};

                add_branch(g, p, q, k->girth * 0.14f, k->girth * 0.1f, 1);
                add_tip(g, q);
                p = q;
            }
        }
    }
}

/* Roots spreading from the foot of the trunk. */
static void add_roots(struct growth *g)
{
    float r = g->kind->girth;

    for (int i = 0; i < 7; i++) {
        float turn = (float)i * 0.9f + rng_span(&g->rng, -0.2f, 0.2f);
        float reach = r * rng_span(&g->rng, 1.5f, 2.6f);
        struct vec a = {cosf(turn) * r * 0.45f, r * 1.9f, sinf(turn) * r * 0.45f};
        struct vec b = {cosf(turn) * reach * 0.6f, r * 0.55f, sinf(turn) * reach * 0.6f};
        struct vec c = {cosf(turn) * reach, -0.15f * r - sinf(turn) * r * 0.25f,
                        sinf(turn) * reach};

        add_branch(g, a, b, r * 0.55f, r * 0.38f, 0);
        add_branch(g, b, c, r * 0.38f, r * 0.10f, 0);
    }
}

static void put_leaves(struct growth *g)
{
    const struct tree_kind *k = g->kind;
    struct tree *t = g->t;
    int each = k->leaves / (g->tip_count > 0 ? g->tip_count : 1);

    if (each < 1)
        each = 1;
    t->leaves = need((size_t)g->tip_count * (size_t)each, sizeof *t->leaves);
    for (int i = 0; i < g->tip_count; i++) {
        float phase = rng_span(&g->rng, 0.0f, 6.283f);
        float hue = rng_bell(&g->rng) * 0.5f;

        for (int j = 0; j < each; j++) {
            struct leaf *l = &t->leaves[t->leaf_count++];

            l->p = add(g->tips[i], wander(&g->rng), k->clump);
            l->size = k->leaf * rng_span(&g->rng, 0.7f, 1.3f);
            l->turn = rng_span(&g->rng, 0.0f, 3.1416f);
            l->hue = hue + rng_bell(&g->rng) * 0.7f;
            l->phase = phase + rng_bell(&g->rng) * 0.5f;
        }
    }
}

static void scale_tree(struct tree *t)
{
    float top = 1e-3f;
    float k;

    for (int i = 0; i < t->branch_count; i++)
        top = fmaxf(top, t->branches[i].b.y);
    for (int i = 0; i < t->leaf_count; i++)
        top = fmaxf(top, t->leaves[i].p.y);
    k = 1.0f / top;
    for (int i = 0; i < t->branch_count; i++) {
        struct branch *b = &t->branches[i];
        struct vec zero = {0.0f, 0.0f, 0.0f};

        b->a = add(zero, b->a, k);
        b->b = add(zero, b->b, k);
    }
    for (int i = 0; i < t->leaf_count; i++)
        t->leaves[i].p =
            (struct vec){t->leaves[i].p.x * k, t->leaves[i].p.y * k, t->leaves[i].p.z * k};
}

/* The crown's box, one unit high and one and a half wide, cut into cells. */
static int cell_of(struct vec p)
{
    int x = (int)clampf((p.x + 0.75f) / 1.5f * (float)GRID, 0.0f, (float)GRID - 1.0f);
    int y = (int)clampf((p.y + 0.05f) / 1.1f * (float)GRID, 0.0f, (float)GRID - 1.0f);
    int z = (int)clampf((p.z + 0.75f) / 1.5f * (float)GRID, 0.0f, (float)GRID - 1.0f);

    return (z * GRID + y) * GRID + x;
}

static float in_the_way(const float *cells, struct vec p, struct vec towards)
{
    float sum = 0.0f;

    for (int i = 1; i <= 9; i++) {
        struct vec q = add(p, towards, 0.045f * (float)i);

        if (q.y > 1.05f || fabsf(q.x) > 0.75f || fabsf(q.z) > 0.75f)
            break;
        sum += cells[cell_of(q)];
    }
    return sum;
}

static void light_leaves(struct tree *t)
{
    float *cells = need((size_t)GRID * GRID * GRID, sizeof *cells);
    float unit_load = 22000.0f / (float)(t->leaf_count > 0 ? t->leaf_count : 1) * 0.026f;
    struct vec sun = unit((struct vec){0.72f, 0.60f, 0.28f});
    struct vec up = unit((struct vec){0.05f, 1.0f, 0.25f});

    for (int i = 0; i < t->leaf_count; i++)
        cells[cell_of(t->leaves[i].p)] += unit_load;
    for (int i = 0; i < t->leaf_count; i++) {
        struct leaf *l = &t->leaves[i];
        float direct = expf(-in_the_way(cells, l->p, sun));
        float sky = expf(-0.7f * in_the_way(cells, l->p, up));

        l->light = clampf(0.66f * direct + 0.36f * sky, 0.0f, 1.0f);
    }
    free(cells);
}

static int by_depth(const void *a, const void *b)
{
    const struct leaf *p = a;
    const struct leaf *q = b;

    if (p->p.z != q->p.z)
        return p->p.z < q->p.z ? -1 : 1;
    return p->phase < q->phase ? -1 : p->phase > q->phase;
}

struct tree *tree_grow(const struct tree_kind *kind)
{
    struct tree *t = need(1, sizeof *t);
    struct growth g = {.t = t, .kind = kind};

    rng_seed(&g.rng, kind->seed);
    t->branches = need(MAX_BRANCHES, sizeof *t->branches);
    g.tips = need(MAX_BRANCHES, sizeof *g.tips);
    if (kind->conifer)
        grow_conifer(&g);
    else
        grow(&g, (struct vec){0.0f, kind->girth, 0.0f}, (struct vec){0.0f, 1.0f, 0.0f}, kind->trunk,
             kind->girth, 0);
    if (!kind->conifer)
        add_roots(&g);
    put_leaves(&g);
    free(g.tips);
    scale_tree(t);
    light_leaves(t);
    qsort(t->leaves, (size_t)t->leaf_count, sizeof *t->leaves, by_depth);
    return t;
}

void tree_free(struct tree *t)
{
    if (t == NULL)
        return;
    free(t->branches);
    free(t->leaves);
    free(t);
}

float gust(float x, float time)
{
    float at = time - x * 0.0045f;

    return noise2(at * 0.45f, 3.3f, 901U) +
           0.35f * sinf(at * 2.1f) * (0.6f + noise2(at * 0.3f, 8.1f, 902U));
}

/* Where a point of the tree stands in the picture, wind included. */
static struct vec stand_point(const struct stand *at, struct vec p)
{
    float lean = at->sway > 0.0f
                     ? at->sway * p.y * p.y * (0.5f + gust(at->x + p.x * 90.0f, at->time))
                     : 0.0f;
    float side = at->flip ? -p.x : p.x;

    return (struct vec){at->x + (side + lean) * at->height,
                        at->y - (p.y - 0.3f * fabsf(lean) * p.y) * at->height, p.z};
}

static struct rgb tinted(struct rgb c, struct rgb t)
{
    return (struct rgb){c.r * t.r, c.g * t.g, c.b * t.b};
}

static void draw_branch(struct image *im, const struct branch *b, const struct foliage *f,
                        const struct stand *at, uint32_t seed)
{
    struct vec p = stand_point(at, b->a);
    struct vec q = stand_point(at, b->b);
    struct limb l = {p.x,
                     p.y,
                     b->ra * at->height,
                     q.x,
                     q.y,
                     b->rb * at->height,
                     tinted(f->bark_dark, at->tint),
                     tinted(f->bark_lit, at->tint),
                     at->flip ? -1.0f : 1.0f,
                     0.0f,
                     seed};
    float stout = 1.0f + (b->ra < 0.02f ? f->stout : 0.0f);
    float flat = fabsf(b->b.x - b->a.x) / (fabsf(b->b.y - b->a.y) + fabsf(b->b.x - b->a.x) + 1e-6f);

    l.r0 *= stout;
    l.r1 *= stout;
    l.grain = l.r0 > 2.0f ? 0.9f : 0.0f;
    img_limb(im, &l);
    if (f->snowed > 0.0f && flat > 0.25f && b->a.y > 0.08f) {
        float lift = fmaxf(l.r0, 0.35f) * 0.75f;

        l.y0 -= lift;
        l.y1 -= lift;
        l.r0 = fmaxf(l.r0 * 0.62f, 0.30f) * f->snowed;
        l.r1 = fmaxf(l.r1 * 0.62f, 0.30f) * f->snowed;
        l.dark = l.lit = f->snow;
        l.grain = 0.0f;
        img_limb(im, &l);
    }
}

static struct rgb leaf_color(const struct leaf *l, const struct foliage *f, float light)
{
    struct rgb c = light < 0.5f ? mix_rgb(f->shade, f->body, light * 2.0f)
                                : mix_rgb(f->body, f->lit, light * 2.0f - 1.0f);
    float odd = (float)(hash_u32((uint32_t)(l->turn * 1e6f)) & 1023U) / 1023.0f;

    if (odd < f->accents)
        c = scale_rgb(f->accent, 0.35f + 0.75f * light);
    return scale_rgb(c, 1.0f + f->vary * l->hue);
}

static void draw_leaf(struct image *im, const struct leaf *l, const struct foliage *f,
                      const struct stand *at, float grow_by)
{
    struct vec p = stand_point(at, l->p);
    float flutter = at->sway > 0.0f ? sinf(at->time * 4.6f + l->phase) : 0.0f;
    float light = clampf(l->light + 0.05f * flutter, 0.0f, 1.0f);
    float size = l->size * at->height * grow_by;
    struct dab d = {p.x + flutter * at->sway * 0.10f * at->height,
                    p.y,
                    size,
                    size * 0.62f,
                    l->turn + 0.2f * flutter,
                    0.4f,
                    1.0f,
                    {0.0f, 0.0f, 0.0f}};

    d.color = tinted(leaf_color(l, f, light), at->tint);
    img_dab(im, &d);
}

void tree_draw(struct image *im, const struct tree *t, const struct foliage *f,
               const struct stand *at)
{
    int step = at->step > 0 ? at->step : 1;
    float grow_by = sqrtf((float)step);
    int middle = 0;

    while (middle < t->leaf_count && t->leaves[middle].p.z < -0.02f)
        middle++;
    for (int half = 0; half < 2; half++) {
        int from = half == 0 ? 0 : (middle + step - 1) / step * step;
        int to = half == 0 ? middle : t->leaf_count;

        for (int i = from; i < to; i += step) {
            float here = (float)(hash_u32((uint32_t)i + 5U) & 1023U) / 1024.0f;

            if (here < f->full)
                draw_leaf(im, &t->leaves[i], f, at, grow_by);
        }
        if (half == 0)
            for (int i = 0; i < t->branch_count; i++)
                if (!t->branches[i].twig || at->height > 60.0f)
                    draw_branch(im, &t->branches[i], f, at, (uint32_t)i / 8U);
    }
}
