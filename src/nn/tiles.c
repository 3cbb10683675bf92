/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting. A side of W pixels is cut into tiles of T, where T has the remainder of W by the multiple: the last tile
 * then ends where the picture does, while the others do not count what is beyond their last whole multiple. So all
 * but the last tile have cores of `step` pixels, the first one's longer by a halo.
 */
#include "nn/tiles.h"

enum {
    CORE_MIN = 64,     /* pixels of a core between two halos */
    MARGIN_MAX = 1 << 20 /* pixels: more than a picture has */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int divide_up(int a, int b)
{
    return a / b + (a % b != 0);
}

/* The margin, in pixels of its result and on the side where it is wider, of a node whose inputs have theirs. */
static int margin_of(const SolLayer *layer, const int margins[])
{
    int margin = margins[layer->inputs[0]];
    switch (layer->op) {
    case SOL_OP_INPUT:
        return 0;
    case SOL_OP_CONV:
        margin = least(margin + layer->kernel / 2, MARGIN_MAX);
        return layer->stride == 2 ? divide_up(margin, 2) : margin;
    case SOL_OP_CONV_TRANSPOSE: /* the strided one begins (kernel - 2) / 2 before its input: see sol_conv_before() */
        return least(2 * margin + layer->kernel / 2, MARGIN_MAX);
    case SOL_OP_MAX_POOL:
        return divide_up(margin, 2);
    case SOL_OP_UPSAMPLE:
        return least(2 * margin + (layer->bilinear ? 1 : 0), MARGIN_MAX);
    case SOL_OP_ADD:
        return larger(margin, margins[layer->inputs[1]]);
    default:
        return margin;
    }
}

void sol_tile_halos(const SolGraph *graph, int halos[])
{
    int count = sol_graph_count(graph), multiple = sol_graph_multiple(graph);
    for (int n = 0; n < count; n++)
        halos[n] = margin_of(&sol_graph_node(graph, n)->layer, halos);
    for (int n = 0; n < count; n++) {
        int level = sol_graph_node(graph, n)->level;
        if (level >= 0)
            halos[n] = halos[n] > MARGIN_MAX >> level ? MARGIN_MAX : halos[n] << level;
        else
            halos[n] = divide_up(halos[n], 1 << -level);
        halos[n] = divide_up(halos[n], multiple) * multiple;
    }
}

int sol_tile_obstacle(const SolGraph *graph)
{
    for (int n = 0; n < sol_graph_count(graph); n++) {
        const SolLayer *layer = &sol_graph_node(graph, n)->layer;
        if (layer->op == SOL_OP_PAD || (layer->op == SOL_OP_CONV && layer->border == SOL_BORDER_VALID))
            return n;
    }
    return -1;
}

/* Pixels from a core to the next. */
static int step_of(const SolTileSide *side)
{
    return side->tile / side->multiple * side->multiple - 2 * side->halo;
}

SolTileSide sol_tile_side(int whole, int tile, int halo, int multiple)
{
    SolTileSide side = {.whole = whole, .tile = tile, .halo = halo, .multiple = multiple, .count = 1};
    if (tile < whole)
        side.count += divide_up(whole - tile, step_of(&side));
    return side;
}

int sol_tile_for_count(int whole, int count, int halo, int multiple)
{
    int rest = whole % multiple, steps, tile;
    if (count == 1)
        return whole;
    /* so many steps, and at either end of the picture a halo that belongs to a core */
    steps = divide_up((whole - rest - 2 * halo) / multiple, count);
    tile = steps * multiple + 2 * halo + rest;
    return tile < whole ? tile : whole;
}

int sol_tile_most(int whole, int halo, int multiple)
{
    int most = 1;
    for (int count = 2, tile; (tile = sol_tile_for_count(whole, count, halo, multiple)) < whole; count++) {
        SolTileSide side = {.tile = tile, .halo = halo, .multiple = multiple};
        if (count > 2 && step_of(&side) < CORE_MIN)
            break;
        most = count;
    }
    return most;
}

int sol_tile_first(const SolTileSide *side, int i)
{
    return least(i * step_of(side), side->whole - side->tile);
}

int sol_tile_core(const SolTileSide *side, int i)
{
    return i == 0 ? 0 : i == side->count ? side->whole : i * step_of(side) + side->halo;
}

int sol_tile_scale(int pixels, int level)
{
    return level >= 0 ? pixels >> level : pixels << -level;
}

SolArea sol_tile_core_area(const SolTileSide *across, const SolTileSide *down, int x, int y, SolShape shape, int level)
{
    int x0 = sol_tile_first(across, x), y0 = sol_tile_first(down, y);
    int left = sol_tile_scale(sol_tile_core(across, x) - x0, level);
    int right = sol_tile_scale(sol_tile_core(across, x + 1) - x0, level);
    int top = sol_tile_scale(sol_tile_core(down, y) - y0, level);
    int bottom = sol_tile_scale(sol_tile_core(down, y + 1) - y0, level);
    if (x + 1 == across->count) /* where strides round up, there is more than the scale says */
        right = shape.width;
    if (y + 1 == down->count)
        bottom = shape.height;
    return (SolArea){left, top, least(right, shape.width) - left, least(bottom, shape.height) - top};
}
