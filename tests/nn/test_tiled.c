/* SPDX-License-Identifier: Apache-2.0
 *
 * Tiles: that cores are the picture and lie within halos, that halos are as wide as they must be and no wider,
 * and that painting and learning in tiles gives what painting and learning the whole picture gives.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/tiled.h"
#include "nn/tiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS = 8 * 8 * 25 + 8 }; /* of 8 to 8 channels, from any of 8 places on */

static float *weights;

static int set_up(void **state)
{
    weights = random_planes(WEIGHTS, 5);
    for (int i = 0; i < WEIGHTS; i++)
        weights[i] *= 0.25f;
    return set_up_pools(state);
}

static int tear_down(void **state)
{
    free(weights);
    return tear_down_pools(state);
}

/* ---- networks ---- */

static int add(SolGraph *graph, SolLayer layer)
{
    char name[16];
    int node;
    snprintf(name, sizeof name, "%d", sol_graph_count(graph));
    node = sol_graph_add(graph, name, &layer);
    if (node < 0)
        fail_msg("%s", sol_error_text());
    return node;
}

/* What all convolutions of a network have in common; each takes other weights. */
typedef struct Kind {
    SolBorder border;
    int kernel;
} Kind;

static int conv(SolGraph *g, Kind kind, int input, int channels, bool relu)
{
    const float *own = weights + sol_graph_count(g) % 8;
    return add(g, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = channels, .kernel = kind.kernel,
                             .weights = own, .bias = own, .border = kind.border, .relu = relu});
}

static int unary(SolGraph *g, SolOp op, int input)
{
    return add(g, (SolLayer){.op = op, .inputs = {input}});
}

static int adain(SolGraph *g, int input, int tap)
{
    return add(g, (SolLayer){.op = SOL_OP_ADAIN, .inputs = {input}, .tap = tap});
}

/* One adain layer, two poolings, and nothing beside the way through. */
static SolGraph *plain(Kind kind)
{
    SolGraph *g = NULL;
    int x;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = conv(g, kind, x, 6, true);
    x = unary(g, SOL_OP_MAX_POOL, x);
    x = conv(g, kind, x, 8, true);
    x = unary(g, SOL_OP_MAX_POOL, x);
    x = conv(g, kind, x, 8, true);
    x = adain(g, x, x);
    x = conv(g, kind, x, 8, true);
    x = unary(g, SOL_OP_UPSAMPLE, x);
    x = conv(g, kind, x, 6, true);
    x = unary(g, SOL_OP_UPSAMPLE, x);
    conv(g, kind, x, 3, false);
    return g;
}

/* Three adain layers, with skips, a residual sum, and taps that are not what is normalised. */
static SolGraph *skipping(Kind kind)
{
    SolGraph *g = NULL;
    int x, r, a, b, c;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    a = conv(g, kind, x, 6, true);
    x = unary(g, SOL_OP_MAX_POOL, a);
    b = conv(g, kind, x, 8, true);
    x = unary(g, SOL_OP_MAX_POOL, b);
    c = conv(g, kind, x, 8, true);
    x = adain(g, c, c);
    x = conv(g, kind, x, 8, true);
    x = unary(g, SOL_OP_UPSAMPLE, x);
    x = add(g, (SolLayer){.op = SOL_OP_ADD, .inputs = {x, b}});
    r = conv(g, kind, x, 8, true);
    x = add(g, (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    x = adain(g, x, b);
    x = conv(g, kind, x, 6, false);
    x = unary(g, SOL_OP_UPSAMPLE, x);
    x = add(g, (SolLayer){.op = SOL_OP_ADD, .inputs = {x, a}});
    x = unary(g, SOL_OP_RELU, adain(g, x, a));
    conv(g, kind, x, 3, false);
    return g;
}

/* Two levels of whitening and colouring; the style of the second is taken on the picture itself. */
static SolGraph *colouring(Kind kind)
{
    SolGraph *g = NULL;
    int x, first, tap;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    tap = conv(g, kind, x, 4, true);
    first = conv(g, kind, x, 6, true);
    first = unary(g, SOL_OP_MAX_POOL, first);
    first = conv(g, kind, first, 6, true);
    first = add(g, (SolLayer){.op = SOL_OP_WCT, .inputs = {first}, .tap = first, .strength = 0.8f});
    first = unary(g, SOL_OP_UPSAMPLE, first);
    first = conv(g, kind, first, 3, false);
    x = add(g, (SolLayer){.op = SOL_OP_LEVEL, .inputs = {first, x}});
    x = conv(g, kind, x, 4, true);
    x = add(g, (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = tap, .strength = 1});
    conv(g, kind, x, 3, false);
    return g;
}

/* A convolution of stride 2, or a transposed one. */
static int resize(SolGraph *g, Kind kind, SolOp op, int input, int channels)
{
    const float *own = weights + sol_graph_count(g) % 8;
    return add(g, (SolLayer){.op = op, .inputs = {input}, .channels = channels, .kernel = kind.kernel, .stride = 2,
                             .weights = own, .bias = own, .border = kind.border, .relu = true});
}

static int norm(SolGraph *g, int input, bool relu)
{
    static const float gain[8] = {1, 0.5f, 2, 1.5f, 0.7f, -1, 1.2f, 0.9f}, shift[8] = {0.2f, 0.5f, 0, -0.1f, 1, 0.3f};
    return add(g, (SolLayer){.op = SOL_OP_INSTANCE_NORM, .inputs = {input}, .weights = gain, .bias = shift,
                             .epsilon = 1e-3, .relu = relu});
}

/* Strides, instance norms, a residual block and transposed convolutions: a transform network. */
static SolGraph *transforming(Kind kind)
{
    SolGraph *g = NULL;
    int x, r;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = norm(g, resize(g, kind, SOL_OP_CONV, x, 6), true);
    x = norm(g, resize(g, kind, SOL_OP_CONV, x, 8), true);
    r = norm(g, conv(g, kind, x, 8, false), true);
    x = add(g, (SolLayer){.op = SOL_OP_ADD, .inputs = {x, norm(g, conv(g, kind, r, 8, false), false)}});
    x = norm(g, resize(g, kind, SOL_OP_CONV_TRANSPOSE, x, 6), true);
    x = norm(g, resize(g, kind, SOL_OP_CONV_TRANSPOSE, x, 6), true);
    unary(g, SOL_OP_TANH, conv(g, kind, x, 3, false));
    return g;
}

/* Adaptive and plain instance norms in one network; its taps lie behind strides and a norm. */
static SolGraph *mixed(Kind kind)
{
    SolGraph *g = NULL;
    int x, tap;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = conv(g, kind, x, 6, true);
    x = norm(g, resize(g, kind, SOL_OP_CONV, x, 8), false);
    tap = unary(g, SOL_OP_MAX_POOL, x);
    x = adain(g, tap, tap);
    x = norm(g, conv(g, kind, x, 8, true), false);
    x = add(g, (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {x}, .bilinear = true});
    x = resize(g, kind, SOL_OP_CONV_TRANSPOSE, x, 8);
    conv(g, kind, x, 3, false);
    return g;
}

typedef SolGraph *(*Network)(Kind kind);

static const Network networks[] = {plain, skipping, colouring, transforming, mixed};
static const Kind kinds[] = {{SOL_BORDER_REFLECT, 3}, {SOL_BORDER_ZERO, 3}, {SOL_BORDER_REFLECT, 5},
                             {SOL_BORDER_SAME, 3}};

enum { NETWORKS = 5, KINDS = 4 };

/* ---- pictures ---- */

/* Planes that are read and written area by area, and whether anything but that was asked for. */
typedef struct Planes {
    SolShape shape;
    float *in, *out;
    int *written; /* how often, for each pixel */
} Planes;

/* Noise that is brighter, and has more contrast, towards the lower right: tiles differ in their moments. */
static Planes make_planes(int width, int height)
{
    size_t plane = (size_t)width * (size_t)height;
    Planes p = {.shape = {3, height, width}, .in = random_planes(3 * plane, 7)};
    for (size_t i = 0; i < 3 * plane; i++) {
        float x = (float)(i % (size_t)width) / (float)width;
        float y = (float)(i / (size_t)width % (size_t)height) / (float)height;
        p.in[i] = 0.6f * x + 0.3f * y + p.in[i] * (0.1f + 0.3f * x * y);
    }
    p.out = malloc(3 * plane * sizeof *p.out);
    p.written = calloc(plane, sizeof *p.written);
    assert_non_null(p.out);
    assert_non_null(p.written);
    return p;
}

static void free_planes(Planes *p)
{
    free(p->in);
    free(p->out);
    free(p->written);
}

static size_t at(const Planes *p, int channel, int y, int x)
{
    return ((size_t)channel * (size_t)p->shape.height + (size_t)y) * (size_t)p->shape.width + (size_t)x;
}

static void read_planes(void *context, SolArea a, float *to)
{
    const Planes *p = context;
    assert_in_range(a.x, 0, p->shape.width - a.width);
    assert_in_range(a.y, 0, p->shape.height - a.height);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < a.height; y++, to += a.width)
            memcpy(to, p->in + at(p, c, a.y + y, a.x), (size_t)a.width * sizeof *to);
}

static void write_planes(void *context, SolArea a, const float *from, size_t row, size_t plane)
{
    Planes *p = context;
    assert_in_range(a.x, 0, p->shape.width - a.width);
    assert_in_range(a.y, 0, p->shape.height - a.height);
    for (int y = 0; y < a.height; y++)
        for (int x = 0; x < a.width; x++) {
            p->written[at(p, 0, a.y + y, a.x + x)]++;
            for (int c = 0; c < 3; c++)
                p->out[at(p, c, a.y + y, a.x + x)] = from[(size_t)c * plane + (size_t)y * row + (size_t)x];
        }
}

static SolCanvas canvas_of(Planes *p)
{
    return (SolCanvas){.context = p, .read = read_planes, .write = write_planes};
}

/* ---- cutting ---- */

static void check_side(int whole, int count, int halo, int multiple)
{
    int tile = sol_tile_for_count(whole, count, halo, multiple);
    SolTileSide side = sol_tile_side(whole, tile, halo, multiple);
    assert_in_range(side.count, 1, count);
    assert_int_equal(tile % multiple, whole % multiple);
    assert_int_equal(sol_tile_core(&side, 0), 0);
    assert_int_equal(sol_tile_core(&side, side.count), whole);
    for (int i = 0; i < side.count; i++) {
        int first = sol_tile_first(&side, i), core = sol_tile_core(&side, i), end = sol_tile_core(&side, i + 1);
        assert_in_range(first, 0, whole - tile);
        assert_int_equal(first % multiple, 0);
        assert_int_equal(core % multiple, 0);
        assert_true(core < end);
        assert_true(first == 0 ? core >= 0 : core >= first + halo);
        assert_true(first == whole - tile ? end <= whole : end + halo <= (first + tile) / multiple * multiple);
        assert_true(i + 1 == side.count ? first == whole - tile : end % multiple == 0);
    }
}

static void test_cutting(void **state)
{
    static const int multiples[] = {1, 4, 8, 32};
    (void)state;
    for (int m = 0; m < 4; m++)
        for (int halo = 0; halo <= 3 * multiples[m]; halo += multiples[m])
            for (int whole = 1; whole < 700; whole += 1 + whole / 9) {
                int most = sol_tile_most(whole, halo, multiples[m]);
                assert_int_equal(sol_tile_for_count(whole, 1, halo, multiples[m]), whole);
                for (int count = 1; count <= most; count++)
                    check_side(whole, count, halo, multiples[m]);
            }
    /* by hand: 1920 pixels, halos of 56, in three: 3 * 608 and two halos that lie at the picture's ends */
    assert_int_equal(sol_tile_for_count(1920, 3, 56, 8), 608 + 2 * 56);
    assert_int_equal(sol_tile_most(100, 56, 8), 1);
    assert_int_equal(sol_tile_most(32768, 1 << 20, 8), 1);
}

/*
 * How far from its edges within the picture a tile of planes differs from the whole picture's: the tile at the upper
 * left, with `last` the one at the lower right.
 */
static int farthest_difference(const float *whole, SolShape shape, const float *tile, SolShape part, bool last)
{
    int farthest = 0, skip_x = last ? shape.width - part.width : 0, skip_y = last ? shape.height - part.height : 0;
    for (int c = 0; c < part.channels; c++)
        for (int y = 0; y < part.height; y++)
            for (int x = 0; x < part.width; x++) {
                size_t row = (size_t)c * (size_t)shape.height + (size_t)(y + skip_y);
                size_t own = (size_t)c * (size_t)part.height + (size_t)y;
                int edge = last ? 1 + (x < y ? x : y) : part.width - (x > y ? x : y);
                if (edge > farthest && whole[row * (size_t)shape.width + (size_t)(x + skip_x)] !=
                                           tile[own * (size_t)part.width + (size_t)x])
                    farthest = edge;
            }
    return farthest;
}

enum { WHOLE = 144, TILE = 112, MOST = 32 };

/* Runs all nodes on the whole picture, or on the tile at its upper left or lower right. */
static SolPlan *run_nodes(const SolGraph *g, Planes *p, SolArea area, const SolStyleMap maps[], const int nodes[])
{
    const SolPlanOptions exact = {.backend = sol_conv_backend("reference"), .precision = SOL_PRECISION_FLOAT32};
    SolPlan *plan = NULL;
    int count = sol_graph_count(g);
    assert_int_equal(sol_plan_open(&plan, g, area.width, area.height, nodes, count, &exact, pools[1]), 0);
    read_planes(p, area, sol_plan_input(plan));
    sol_plan_run_tile(plan, count, maps);
    return plan;
}

/*
 * Near an edge that is not the picture's, results of every node differ from those on the whole picture somewhere in
 * the outermost multiple of its halo, but nowhere beyond the halo. So a halo that is one multiple less would not do.
 * (TensorFlow's borders reach further to one side at strides and to the other at transposed convolutions, which halos do
 * not tell apart: two multiples.)
 */
static void check_halos(const SolGraph *g, SolBorder border, const int halos[])
{
    const int rest = WHOLE - TILE, slack = sol_graph_multiple(g) * (border == SOL_BORDER_SAME ? 2 : 1);
    Planes p = make_planes(WHOLE, WHOLE);
    SolPlan *plans[3] = {NULL, NULL, NULL};
    SolStyleMap maps[MOST];
    float numbers[128];
    int nodes[MOST], count = sol_graph_count(g);
    assert_in_range(count, 1, MOST);
    for (int i = 0; i < 128; i++)
        numbers[i] = 0.5f + 0.1f * (float)(i % 16);
    for (int n = 0; n < count; n++) {
        maps[n] = (SolStyleMap){.centre = numbers, .offset = numbers + 8, .scale = numbers + 16};
        nodes[n] = n;
    }
    plans[0] = run_nodes(g, &p, (SolArea){0, 0, WHOLE, WHOLE}, maps, nodes);
    plans[1] = run_nodes(g, &p, (SolArea){0, 0, TILE, TILE}, maps, nodes);
    plans[2] = run_nodes(g, &p, (SolArea){rest, rest, TILE, TILE}, maps, nodes);
    for (int n = 1; n < count; n++) {
        SolShape shape, part;
        const float *whole = sol_plan_result(plans[0], n, &shape);
        int differ = 0;
        for (int last = 0; last < 2; last++) {
            const float *tile = sol_plan_result(plans[1 + last], n, &part);
            int far = farthest_difference(whole, shape, tile, part, last) << sol_graph_node(g, n)->level;
            differ = far > differ ? far : differ;
        }
        if (differ > halos[n] || (halos[n] > 0 && differ <= halos[n] - slack))
            fail_msg("node %d: a halo of %d, and pixels differ up to %d from the edge", n, halos[n], differ);
    }
    for (int i = 0; i < 3; i++)
        sol_plan_close(&plans[i]);
    free_planes(&p);
}

static void test_halos(void **state)
{
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int k = 0; k < KINDS; k++) {
            SolGraph *g = networks[i](kinds[k]);
            int halos[32];
            sol_tile_halos(g, halos);
            check_halos(g, kinds[k].border, halos);
            sol_graph_close(&g);
        }
}

/* ---- painting ---- */

/* A painting: how strong, and whether by the statistics of a part, and smoothed from the first run to the second. */
typedef struct Way {
    float strength;
    bool region, trail;
} Way;

/* A mask with all weights, in the upper left nothing, and within the picture, as it goes on at the right and bottom. */
static SolWeights *make_region(const SolGraph *g, SolShape shape, SolPool *pool)
{
    SolMask *mask = NULL;
    SolWeights *region = NULL;
    int width = shape.width - 5, height = shape.height - 3;
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sol_mask_row(mask, y)[x] =
                (uint8_t)(x < width / 2 && y < height / 2 ? 0 : x * 7 + y * 3 < 600 ? 255 : x + y);
    assert_int_equal(sol_weights_open(&region, g, shape.width, shape.height), 0);
    sol_weights_set(region, mask, 1, pool);
    sol_mask_close(&mask);
    return region;
}

/* Paints within a limit; the number of tiles, or 0 where there is too little memory. */
static int paint_so(const SolGraph *g, Planes *p, size_t bytes, Way way, SolPool *pool)
{
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    const SolCanvas canvas = canvas_of(p);
    int output = sol_graph_count(g) - 1, tiles;
    float statistics[64];
    SolApply apply = {.statistics = statistics, .strength = way.strength, .smoothing = 0.75f};
    SolWeights *region = NULL;
    SolTiledPlan *tiled = NULL;
    int result = sol_tiled_open(&tiled, g, p->shape.width, p->shape.height, &output, 1, &how, pool,
                                (SolMemoryLimit){.bytes = bytes + 1000, .others = 1000});
    if (result == SOL_ERR_NOMEM) {
        assert_null(tiled);
        return 0;
    }
    assert_int_equal(result, 0);
    for (int i = 0; i < 64; i++)
        statistics[i] = 0.2f + 0.05f * (float)(i % 7);
    apply.weights = region = way.region ? make_region(g, p->shape, pool) : NULL;
    if (way.trail)
        assert_non_null(apply.trail = calloc(sol_apply_trail(g, -1), sizeof *apply.trail));
    for (int run = 0; run < 2; run++, apply.begun = true) {
        for (size_t i = 0; i < 3 * sol_shape_plane(p->shape); i++) /* the negative first: nothing of it may be left */
            p->in[i] = -p->in[i];
        memset(p->written, 0, sol_shape_plane(p->shape) * sizeof *p->written);
        assert_int_equal(sol_tiled_run(tiled, &canvas, &apply), 0);
        for (size_t i = 0; i < sol_shape_plane(p->shape); i++)
            assert_int_equal(p->written[i], 1);
    }
    tiles = sol_tiled_count(tiled);
    sol_tiled_close(&tiled);
    assert_null(tiled);
    sol_weights_close(&region);
    free(apply.trail);
    return tiles;
}

static int paint(const SolGraph *g, Planes *p, size_t bytes, float strength, SolPool *pool)
{
    return paint_so(g, p, bytes, (Way){.strength = strength}, pool);
}

/* With less and less memory, down to too little. Returns how many different numbers of tiles there were. */
static int check_painting(const SolGraph *g, int width, int height, float strength)
{
    Planes whole = make_planes(width, height), cut = make_planes(width, height);
    size_t count = 3 * sol_shape_plane(whole.shape), bytes = (size_t)1 << 32;
    int tiles, last = 1, different = 0, output = sol_graph_count(g) - 1;
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    SolPlanSize size;
    assert_int_equal(paint(g, &whole, bytes, strength, pools[1]), 1);
    assert_int_equal(sol_plan_measure(&size, g, width, height, &output, 1, &how, pools[1]), 0);
    assert_int_equal(paint(g, &cut, size.bytes, strength, pools[1]), 1);
    for (bytes = size.bytes - 1; (tiles = paint(g, &cut, bytes, strength, pools[1])) > 0; bytes -= bytes / 6) {
        double difference = largest_difference(whole.out, cut.out, count);
        assert_true(tiles >= last && tiles > 1);
        if (!(difference <= 1e-4))
            fail_msg("%dx%d at strength %g in %d tiles: off by %g", width, height, (double)strength, tiles, difference);
        different += tiles != last;
        last = tiles;
    }
    assert_contains(sol_error_text(), "MiB of memory, even in the smallest tiles; ");
    free_planes(&whole);
    free_planes(&cut);
    return different;
}

static void test_tiles_paint_what_the_whole_paints(void **state)
{
    static const int sizes[][2] = {{320, 240}, {628, 64}, {72, 500}};
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int k = i < 2 ? 0 : 2; k < (i < 2 ? 3 : KINDS); k++) {
            SolGraph *g = networks[i](kinds[k]);
            for (int s = 0; s < 3; s++)
                for (int half = 0; half < 2; half++)
                    if (i < 2 ? s == 0 || !half : s == 2 && half == (i + k) % 2) /* others take a pass for every norm */
                        assert_true(check_painting(g, sizes[s][0], sizes[s][1], half ? 0.5f : 1) >= (s == 2 ? 2 : 3));
            sol_graph_close(&g);
        }
}

/* The statistics of a part, smoothed ones, and both. */
static void test_tiles_of_a_part(void **state)
{
    static const Way ways[] = {{1, true, false}, {0.5f, false, true}, {0.5f, true, true}, {1, true, true}};
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int w = 0; w < 4 && networks[i] != transforming; w++) {
            SolGraph *g = networks[i](kinds[(i + w) % 2]);
            Planes whole = make_planes(160, 208), plain = make_planes(160, 208), cut = make_planes(160, 208);
            size_t count = 3 * sol_shape_plane(whole.shape), bytes = (size_t)1 << 32;
            int tiles = 1, output = sol_graph_count(g) - 1;
            const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
            SolPlanSize size;
            assert_int_equal(paint_so(g, &whole, bytes, ways[w], pools[1]), 1);
            paint(g, &plain, bytes, ways[w].strength, pools[1]);
            assert_true(largest_difference(whole.out, plain.out, count) > 5e-3);
            assert_int_equal(sol_plan_measure(&size, g, 160, 208, &output, 1, &how, pools[1]), 0);
            for (bytes = size.bytes - 1; tiles > 0; bytes -= bytes / 4) {
                double difference;
                tiles = paint_so(g, &cut, bytes, ways[w], pools[1]);
                difference = tiles > 0 ? largest_difference(whole.out, cut.out, count) : 0;
                if (!(difference <= 1e-4))
                    fail_msg("network %d, way %d in %d tiles: off by %g", i, w, tiles, difference);
            }
            free_planes(&whole);
            free_planes(&plain);
            free_planes(&cut);
            sol_graph_close(&g);
        }
}

static void test_threads_do_not_matter(void **state)
{
    SolGraph *g = skipping(kinds[0]);
    Planes one = make_planes(320, 240), other = make_planes(320, 240);
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    int output = sol_graph_count(g) - 1, tiles = 0;
    (void)state;
    for (int i = 0; i < POOLS; i++) {
        SolPlanSize size; /* of the tiles that the picture is to be cut into: threads have scratch of their own */
        size_t bytes;
        int cut;
        assert_int_equal(sol_plan_measure(&size, g, 176, 240, &output, 1, &how, pools[i]), 0);
        if (i == 0)
            assert_true((tiles = paint(g, &one, size.bytes, 0.7f, pools[i])) > 1);
        bytes = size.bytes;
        while ((cut = paint(g, &other, bytes, 0.7f, pools[i])) > 0 && cut < tiles)
            bytes -= bytes / 50;
        assert_int_equal(cut, tiles);
        assert_memory_equal(one.out, other.out, 3 * sol_shape_plane(one.shape) * sizeof *one.out);
    }
    free_planes(&one);
    free_planes(&other);
    sol_graph_close(&g);
}

/* ---- learning ---- */

static int learn(const SolGraph *g, Planes *p, size_t bytes, float statistics[64])
{
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    const SolCanvas canvas = canvas_of(p);
    int taps[8], count = sol_graph_tap_count(g), tiles;
    SolTiledPlan *tiled = NULL;
    for (int i = 0; i < count; i++)
        taps[i] = sol_graph_tap(g, i);
    if (sol_tiled_open(&tiled, g, p->shape.width, p->shape.height, taps, count, &how, pools[2],
                       (SolMemoryLimit){.bytes = bytes}) != SOL_OK)
        return 0;
    assert_int_equal(sol_tiled_learn(tiled, &canvas, statistics), 0);
    tiles = sol_tiled_count(tiled);
    sol_tiled_close(&tiled);
    return tiles;
}

/* Style images are not made larger to suit the poolings, so these sides are multiples of nothing. */
static void test_tiles_learn_what_the_whole_teaches(void **state)
{
    static const int sizes[][2] = {{320, 240}, {331, 243}, {629, 66}, {402, 397}};
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int s = 0; s < 4 && networks[i] != transforming; s++) {
            SolGraph *g = networks[i](kinds[i % KINDS]);
            Planes p = make_planes(sizes[s][0], sizes[s][1]);
            float whole[64], cut[64];
            size_t bytes = (size_t)1 << 22;
            int tiles, most = 0;
            assert_int_equal(learn(g, &p, (size_t)1 << 32, whole), 1);
            for (; (tiles = learn(g, &p, bytes, cut)) > 0; bytes -= bytes / 4, most = tiles)
                for (size_t v = 0; v < sol_graph_statistics(g, -1); v++)
                    if (!(fabsf(whole[v] - cut[v]) <= 1e-5f))
                        fail_msg("%dx%d in %d tiles: number %zu is off by %g", sizes[s][0], sizes[s][1], tiles, v,
                                 (double)fabsf(whole[v] - cut[v]));
            assert_true(most >= 4);
            free_planes(&p);
            sol_graph_close(&g);
        }
}

/* ---- sizes ---- */

static void test_too_little_memory(void **state)
{
    SolGraph *g = plain(kinds[0]);
    SolTiledPlan *tiled = NULL;
    int output = sol_graph_count(g) - 1;
    SolMemoryLimit limit = {.bytes = (uint64_t)5 << 20, .others = (uint64_t)9 << 20};
    (void)state;
    assert_int_equal(sol_tiled_open(&tiled, g, 2000, 1000, &output, 1, NULL, pools[0], limit), SOL_ERR_NOMEM);
    assert_null(tiled);
    assert_contains(sol_error_text(), "2000x1000 pixels need ");
    assert_contains(sol_error_text(), " MiB of memory, even in the smallest tiles; 5 MiB are allowed");
    assert_int_equal(sol_tiled_open(&tiled, g, 2, 1000, &output, 1, NULL, pools[0], limit), SOL_ERR_ARGUMENT);
    sol_graph_close(&g);
}

/* What pads, or convolves without a border, is run whole or not at all. */
static void test_networks_that_cannot_be_cut(void **state)
{
    static const float zeros[3 * 3 * 9];
    SolGraph *g = NULL;
    SolTiledPlan *tiled = NULL;
    SolMemoryLimit limit = {.bytes = (uint64_t)6 << 20};
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    assert_int_equal(sol_graph_add(g, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = 3}), 0);
    assert_int_equal(sol_tile_obstacle(g), -1);
    assert_int_equal(sol_graph_add(g, "padding", &(SolLayer){.op = SOL_OP_PAD, .pixels = 1}), 1);
    assert_int_equal(sol_graph_add(g, "conv", &(SolLayer){.op = SOL_OP_CONV, .inputs = {1}, .channels = 3, .kernel = 3,
                                                          .border = SOL_BORDER_VALID, .weights = zeros}), 2);
    assert_int_equal(sol_tile_obstacle(g), 1);
    assert_int_equal(sol_tiled_open(&tiled, g, 2000, 1000, &(int){2}, 1, NULL, pools[0], limit), SOL_ERR_NOMEM);
    assert_null(tiled);
    assert_contains(sol_error_text(), "2000x1000 pixels need ");
    assert_contains(sol_error_text(), " MiB of memory, and 6 MiB are allowed: with its layer \"padding\" the network is "
                                      "not run in tiles; allow more memory or paint a smaller picture");
    assert_int_equal(sol_tiled_open(&tiled, g, 100, 50, &(int){2}, 1, NULL, pools[0], limit), 0);
    assert_int_equal(sol_tiled_count(tiled), 1);
    sol_tiled_close(&tiled);
    sol_graph_close(&g);
}

/* Sizes are found without reserving anything, and are those of the plan that is then made. */
static void test_measuring(void **state)
{
    const SolConvBackend *backend;
    (void)state;
    for (int i = 0; (backend = sol_conv_backend_at(i)); i++) {
        SolGraph *g = skipping(kinds[0]);
        const SolPlanOptions how = {.backend = backend, .precision = SOL_PRECISION_FLOAT32};
        int output = sol_graph_count(g) - 1;
        size_t bytes, prepared = 0;
        SolPlanSize size;
        SolPlan *plan = NULL;
        SolPlanStep step;
        assert_int_equal(sol_plan_measure(&size, g, 64, 48, &output, 1, &how, pools[0]), 0);
        assert_int_equal(sol_plan_open(&plan, g, 64, 48, &output, 1, &how, pools[0]), 0);
        sol_plan_arena(plan, &bytes);
        for (int n = 0; n < sol_graph_count(g); n++)
            prepared += sol_plan_step(plan, n, &step) && step.conv ? step.conv->prepared : 0;
        assert_int_equal(size.bytes, bytes + prepared);
        assert_true(size.macs == sol_plan_macs(plan));
        sol_plan_close(&plan);
        sol_graph_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_halos),
        cmocka_unit_test(test_tiles_paint_what_the_whole_paints),
        cmocka_unit_test(test_tiles_of_a_part),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_tiles_learn_what_the_whole_teaches),
        cmocka_unit_test(test_too_little_memory),
        cmocka_unit_test(test_networks_that_cannot_be_cut),
        cmocka_unit_test(test_measuring),
    };
    return cmocka_run_group_tests_name("nn/tiled", tests, set_up, tear_down);
}
