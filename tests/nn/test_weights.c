/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of a part of a picture: masks reduced to the sizes of layers against their definition, and weighted
 * moments and scatters, in every layout and on awkward shapes, against naive twins in double precision.
 */
#include "support/networks.h"
#include "support/planes.h"
#include "support/support.h"

#include "base/memory.h"
#include "nn/ops.h"
#include "nn/wct.h"
#include "nn/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    assert_non_null(memory);
    return memory;
}

/* ---- reduced masks ---- */

/* Where a walk of `steps` pixels from pixel 0 of a row of n ends that turns round at either end. */
static int walk(int steps, int n)
{
    int i = 0, step = steps < 0 ? -1 : 1;
    for (steps = abs(steps); steps > 0 && n > 1; steps--) {
        step = i + step < 0 || i + step >= n ? -step : step;
        i += step;
    }
    return i;
}

/* The weight by its definition: the mean of 2^level x 2^level pixels of the mask as it is continued. */
static double weight_of(const SolMask *mask, int margin, int level, int x, int y)
{
    int side = 1 << level;
    double sum = 0;
    for (int i = 0; i < side; i++)
        for (int k = 0; k < side; k++)
            sum += sol_mask_row(mask, walk(y * side + i - margin, mask->height))[walk(x * side + k - margin,
                                                                                      mask->width)];
    return sum / side / side / 255;
}

static SolMask *make_mask(int width, int height, uint32_t seed)
{
    SolMask *mask = NULL;
    float *noise = random_planes((size_t)width * (size_t)height, seed);
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sol_mask_row(mask, y)[x] = (uint8_t)(x < width / 3 ? 0 : 127 + 128 * noise[y * width + x]);
    free(noise);
    return mask;
}

/* Statistics are taken at the sizes 1, 1/2 and 1/4, and of a layer that pads. */
static SolGraph *make_levels(const float *weights)
{
    SolGraph *g = NULL;
    int x;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add_layer(g, "wct0", (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = x, .strength = 1});
    x = add_conv(g, "conv1", 0, 4, weights, false);
    x = add_unary(g, SOL_OP_MAX_POOL, "pool1", x);
    x = add_layer(g, "adain1", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {x}, .tap = x});
    x = add_unary(g, SOL_OP_MAX_POOL, "pool2", 3);
    x = add_layer(g, "adain2", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {x}, .tap = x});
    x = add_layer(g, "pad", (SolLayer){.op = SOL_OP_PAD, .inputs = {3}, .pixels = 2});
    add_layer(g, "adain3", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {x}, .tap = 3});
    return g;
}

static void test_reduced_masks(void **state)
{
    static const struct {
        int width, height, mask_width, mask_height, margin;
    } cases[] = {{16, 8, 16, 8, 0}, {24, 20, 21, 18, 0}, {40, 32, 23, 18, 7}, {12, 12, 1, 2, 5}, {128, 4, 127, 3, 0}};
    float *network = make_weights();
    SolGraph *g = make_levels(network);
    (void)state;
    for (int i = 0; i < 5; i++)
        for (int t = 0; t < POOLS; t++) {
            SolMask *mask = make_mask(cases[i].mask_width, cases[i].mask_height, 3);
            SolWeights *weights = NULL;
            int margin = cases[i].margin;
            assert_int_equal(sol_weights_open(&weights, g, cases[i].width, cases[i].height), 0);
            sol_weights_set(weights, mask, margin, pools[t]);
            for (int level = 0; level < 3; level++) {
                const SolNode *node = sol_graph_node(g, level == 0 ? 0 : level == 1 ? 3 : 5);
                SolWeightRows all = sol_weights_at(weights, node, 0, 0), part = sol_weights_at(weights, node, 2, 1);
                double sum = 0;
                assert_int_equal(node->level, level);
                for (int y = 0; y < cases[i].height >> level; y++)
                    for (int x = 0; x < cases[i].width >> level; x++)
                        sum += weight_of(mask, margin, level, x, y);
                assert_true((sum >= 1) == (all.first != NULL));
                for (int y = 0; all.first && y < cases[i].height >> level; y++)
                    for (int x = 0; x < cases[i].width >> level; x++)
                        assert_true(all.first[(size_t)y * all.row + (size_t)x] ==
                                    (float)weight_of(mask, margin, level, x, y));
                assert_true(!all.first || part.first == all.first + all.row + 2);
            }
            assert_null(sol_weights_at(NULL, sol_graph_node(g, 3), 0, 0).first);
            sol_weights_close(&weights);
            assert_null(weights);
            sol_mask_close(&mask);
        }
    sol_graph_close(&g);
    free(network);
}

/* What a layer has beyond the picture weighs what the outermost pixels do. */
static void test_layers_with_a_border(void **state)
{
    float *network = make_weights();
    SolGraph *g = make_levels(network);
    SolMask *mask = make_mask(16, 12, 5);
    SolWeights *weights = NULL;
    SolWeightRows inner, outer;
    (void)state;
    assert_int_equal(sol_weights_open(&weights, g, 16, 12), 0);
    sol_weights_set(weights, mask, 0, pools[1]);
    inner = sol_weights_at(weights, sol_graph_node(g, 3), 0, 0);
    outer = sol_weights_at(weights, sol_graph_node(g, 7), 0, 0);
    assert_int_equal(sol_graph_node(g, 7)->extra, 4);
    for (int y = 0; y < 6 + 4; y++)
        for (int x = 0; x < 8 + 4; x++) {
            int ix = x < 2 ? 0 : x > 9 ? 7 : x - 2, iy = y < 2 ? 0 : y > 7 ? 5 : y - 2;
            assert_true(outer.first[(size_t)y * outer.row + (size_t)x] ==
                        inner.first[(size_t)iy * inner.row + (size_t)ix]);
        }
    sol_weights_close(&weights);
    sol_mask_close(&mask);
    sol_graph_close(&g);
    free(network);
}

/* Of less than one pixel nothing can be told. */
static void test_hardly_anything(void **state)
{
    float *network = make_weights();
    SolGraph *g = make_levels(network);
    SolMask *mask = NULL;
    SolWeights *weights = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, 16, 16), 0);
    assert_int_equal(sol_weights_open(&weights, g, 16, 16), 0);
    sol_weights_set(weights, mask, 0, pools[0]);
    for (int n = 0; n < 3; n++)
        assert_null(sol_weights_at(weights, sol_graph_node(g, n == 0 ? 0 : n == 1 ? 3 : 5), 0, 0).first);
    mask->values[3] = mask->values[4] = 255; /* two pixels; half a pixel of the next size */
    sol_weights_set(weights, mask, 0, pools[0]);
    assert_non_null(sol_weights_at(weights, sol_graph_node(g, 0), 0, 0).first);
    assert_null(sol_weights_at(weights, sol_graph_node(g, 3), 0, 0).first);
    mask->values[19] = mask->values[20] = 255; /* and one whole */
    sol_weights_set(weights, mask, 0, pools[0]);
    assert_non_null(sol_weights_at(weights, sol_graph_node(g, 3), 0, 0).first);
    assert_null(sol_weights_at(weights, sol_graph_node(g, 5), 0, 0).first);
    sol_weights_close(&weights);
    sol_mask_close(&mask);
    sol_graph_close(&g);
    free(network);
}

/* ---- statistics ---- */

static const SolLayout layouts[] = {
    {1, 0, SOL_FLOAT32},  {1, 1, SOL_BFLOAT16},  {0, 1, SOL_FLOAT32},  {0, 0, SOL_BFLOAT16},
    {16, 1, SOL_FLOAT32}, {16, 0, SOL_BFLOAT16}, {8, 2, SOL_FLOAT32},
}; /* a block of 0: all channels */

enum { LAYOUTS = sizeof layouts / sizeof layouts[0], PATTERNS = 4 };

/* A part of features, and the weights of its pixels. */
typedef struct Case {
    SolShape shape;
    SolArea area;
    float *planes;         /* [channels][height][width], as they are after being narrowed */
    void *memory;
    SolFeatures features;
    float *weights;
    SolWeightRows rows;
} Case;

static const struct {
    SolShape shape;
    SolArea area;
} shapes[] = {
    {{1, 1, 1}, {0, 0, 1, 1}},     {{3, 3, 5}, {1, 1, 3, 2}},       {{5, 1, 70}, {0, 0, 70, 1}},
    {{16, 17, 31}, {0, 0, 31, 17}}, {{19, 40, 23}, {2, 7, 20, 33}},  {{40, 9, 260}, {3, 0, 251, 8}},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* All kinds of weights; parts, and nearly nothing; the first pixels 0; one heavy pixel among light ones. */
static float weigh(int pattern, const SolArea *area, int x, int y, float noise)
{
    if (pattern == 0)
        return 0.5f + 0.5f * noise;
    if (pattern == 1)
        return y >= area->height / 2 || x > area->width / 2 ? 1 : 0;
    if (pattern == 2)
        return x + y * area->width < area->width * area->height / 2 ? 0 : 1e-4f * (noise + 1);
    return x == area->width / 2 && y == area->height / 2 ? 1 : 1e-5f;
}

static Case make_case(int shape, int layout, int pattern)
{
    Case c = {.shape = shapes[shape].shape, .area = shapes[shape].area};
    size_t count = (size_t)c.shape.channels * sol_shape_plane(c.shape), bytes = 0;
    SolFeatures planes;
    float *noise;
    c.planes = random_planes(count, 31);
    for (size_t i = 0; i < count; i++) /* channels that hang together, and means that dwarf the deviations */
        c.planes[i] = c.planes[i] * 0.5f + 30.0f * (float)(i / sol_shape_plane(c.shape) % 4) + (float)(i % 7) * 0.1f;
    planes = sol_planes(c.planes, c.shape);
    c.features = (SolFeatures){.shape = c.shape, .layout = layouts[layout]};
    c.features.layout.block += c.features.layout.block == 0 ? c.shape.channels : 0;
    assert_true(sol_features_bytes(c.shape, c.features.layout, &bytes));
    c.features.data = c.memory = need(sol_alloc(bytes, 1));
    memset(c.memory, 0xff, bytes); /* NaN */
    sol_op_convert(NULL, &planes, &c.features);
    sol_op_convert(NULL, &c.features, &planes);
    c.rows.row = (size_t)c.area.width + 5;
    count = c.rows.row * (size_t)c.area.height;
    noise = random_planes(count, 77);
    c.weights = need(malloc(count * sizeof *c.weights));
    c.rows.first = c.weights;
    for (size_t i = 0; i < count; i++) {
        int x = (int)(i % c.rows.row), y = (int)(i / c.rows.row);
        c.weights[i] = x < c.area.width ? weigh(pattern, &c.area, x, y, noise[i]) : NAN;
    }
    free(noise);
    return c;
}

static void free_case(Case *c)
{
    free(c->planes);
    sol_free(c->memory);
    free(c->weights);
}

static double pixel(const Case *c, int channel, int x, int y)
{
    size_t row = (size_t)(channel * c->shape.height + c->area.y + y);
    return (double)c->planes[row * (size_t)c->shape.width + (size_t)(c->area.x + x)];
}

static double weight_at(const Case *c, int x, int y)
{
    return (double)c->weights[(size_t)y * c->rows.row + (size_t)x];
}

/* The sum over the area of weight * (x_i - a) * (x_j - b); of channels -1 without that factor. */
static double sum_of(const Case *c, int i, double a, int j, double b)
{
    double sum = 0;
    for (int y = 0; y < c->area.height; y++)
        for (int x = 0; x < c->area.width; x++)
            sum += weight_at(c, x, y) * (i < 0 ? 1 : pixel(c, i, x, y) - a) * (j < 0 ? 1 : pixel(c, j, x, y) - b);
    return sum;
}

static void check_moments(const Case *c, SolMoments moments[POOLS][64])
{
    double sum = sum_of(c, -1, 0, -1, 0);
    for (int t = 0; t < POOLS; t++) {
        double got = sol_op_moments_weighted(pools[t], &c->features, c->area, c->rows, moments[t]);
        assert_true(fabs(got - sum) <= 1e-12 * sum);
        assert_memory_equal(moments[t], moments[0], (size_t)c->shape.channels * sizeof moments[t][0]);
    }
    for (int i = 0; i < c->shape.channels; i++) {
        double mean = sum_of(c, i, 0, -1, 0) / sum, variance = sum_of(c, i, mean, i, mean) / sum;
        assert_true(fabs(moments[0][i].mean - mean) <= 1e-12 * (1 + fabs(mean)));
        assert_true(fabs(moments[0][i].variance - variance) <= 1e-11 * (1 + variance));
    }
}

static void test_weighted_moments(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (int l = 0; l < LAYOUTS; l++)
            for (int p = 0; p < PATTERNS; p++) {
                SolMoments moments[POOLS][64];
                Case c = make_case(s, l, p);
                if (sum_of(&c, -1, 0, -1, 0) > 0)
                    check_moments(&c, moments);
                free_case(&c);
            }
}

/* Weights of one are no weights, and of zero no moments. */
static void test_weights_of_one_and_zero(void **state)
{
    SolMoments moments[64], plain[64], before;
    Case c = make_case(4, 4, 0);
    size_t count = c.rows.row * (size_t)c.area.height;
    (void)state;
    for (size_t i = 0; i < count; i++)
        c.weights[i] = 1;
    sol_op_moments(pools[0], &c.features, c.area, plain);
    assert_true(sol_op_moments_weighted(pools[1], &c.features, c.area, c.rows, moments) == 20.0 * 33);
    assert_memory_equal(moments, plain, 19 * sizeof *plain);
    memset(c.weights, 0, count * sizeof *c.weights);
    before = moments[0];
    assert_true(sol_op_moments_weighted(pools[1], &c.features, c.area, c.rows, moments) == 0);
    assert_memory_equal(&moments[0], &before, sizeof before);
    free_case(&c);
}

static SolScatter new_scatter(int channels)
{
    return sol_scatter_in(need(sol_alloc(sol_scatter_bytes(channels), 1)), channels);
}

static void check_scatter(const Case *c)
{
    int channels = c->shape.channels;
    size_t size = (size_t)channels;
    SolScatter scatter = new_scatter(channels), first = new_scatter(channels);
    double sum = sum_of(c, -1, 0, -1, 0), *mean = need(malloc(size * sizeof *mean));
    for (int t = 0; t < POOLS; t++) {
        void *work = need(sol_alloc(sol_wct_bytes(channels, pools[t]), 1));
        sol_op_scatter_weighted(pools[t], &c->features, c->area, c->rows, work, t == 0 ? &first : &scatter);
        assert_true(t == 0 || memcmp(first.mean, scatter.mean, size * (size + 1) * sizeof *mean) == 0);
        sol_free(work);
    }
    assert_true(fabs(first.count - sum) <= 1e-12 * sum);
    for (int i = 0; i < channels; i++)
        mean[i] = sum > 0 ? sum_of(c, i, 0, -1, 0) / sum : 0;
    for (int i = 0; i < channels; i++) {
        assert_true(fabs(first.mean[i] - mean[i]) <= 1e-12 * (1 + fabs(mean[i])));
        for (int j = i; j < channels; j += 1 + j / 7) {
            double wanted = sum_of(c, i, mean[i], j, mean[j]);
            assert_true(fabs(first.products[i * channels + j] - wanted) <= 1e-11 * (sum + fabs(wanted)));
        }
    }
    free(mean);
    sol_free(scatter.mean);
    sol_free(first.mean);
}

static void test_weighted_scatter(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (int p = 0; p < PATTERNS; p++) {
            Case c = make_case(s, (s + p) % LAYOUTS, p);
            check_scatter(&c);
            free_case(&c);
        }
}

/* Scatters of parts, one of which has no weight, are that of the whole. */
static void test_scatters_of_parts(void **state)
{
    enum { CHANNELS = 16 };
    Case c = make_case(3, 0, 1);
    SolScatter whole = new_scatter(CHANNELS), sum = new_scatter(CHANNELS), part = new_scatter(CHANNELS);
    void *work = need(sol_alloc(sol_wct_bytes(CHANNELS, pools[0]), 1));
    (void)state;
    sol_op_scatter_weighted(pools[0], &c.features, c.area, c.rows, work, &whole);
    sol_scatter_clear(&sum, CHANNELS);
    for (int i = 0; i < 4; i++) { /* the first has x <= width / 2 and y < height / 2 */
        SolArea area = {i % 2 * 16, i / 2 * 8, i % 2 ? 15 : 16, i / 2 ? 9 : 8};
        SolWeightRows rows = {c.weights + (size_t)area.y * c.rows.row + (size_t)area.x, c.rows.row};
        sol_op_scatter_weighted(pools[0], &c.features, area, rows, work, &part);
        assert_true((part.count == 0) == (i == 0));
        sol_scatter_merge(&sum, &part, CHANNELS);
    }
    assert_true(sum.count == whole.count);
    for (int i = 0; i < CHANNELS; i++) {
        assert_true(fabs(sum.mean[i] - whole.mean[i]) <= 1e-12 * (1 + fabs(whole.mean[i])));
        for (int j = i; j < CHANNELS; j++)
            assert_true(fabs(sum.products[i * CHANNELS + j] - whole.products[i * CHANNELS + j]) <= 1e-9);
    }
    sol_free(whole.mean);
    sol_free(sum.mean);
    sol_free(part.mean);
    sol_free(work);
    free_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduced_masks),
        cmocka_unit_test(test_layers_with_a_border),
        cmocka_unit_test(test_hardly_anything),
        cmocka_unit_test(test_weighted_moments),
        cmocka_unit_test(test_weights_of_one_and_zero),
        cmocka_unit_test(test_weighted_scatter),
        cmocka_unit_test(test_scatters_of_parts),
    };
    return cmocka_run_group_tests_name("nn/weights", tests, set_up_pools, tear_down_pools);
}
