/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights are planes, one for each size that layers have; every one of them is averaged straight from the mask, in
 * integers. Workers take rows.
 */
#include "nn/weights.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/tiles.h"

/* Of layers of one size: SolNode.level and .extra. */
typedef struct Plane {
    int level, extra;
    int width, height;
    float *values;     /* [height][width] */
    double sum;
} Plane;

struct SolWeights {
    int width, height; /* of the picture */
    Plane *planes;
    int count;
    int *columns;      /* [width]: the mask's, by the picture's */
    int *rows;         /* [height] */
};

static const Plane *find_plane(const SolWeights *weights, const SolNode *node)
{
    for (int i = 0; i < weights->count; i++)
        if (weights->planes[i].level == node->level && weights->planes[i].extra == node->extra)
            return &weights->planes[i];
    return NULL;
}

/* So many pixels of the picture at a level, rounded up. */
static int scaled(int pixels, int level)
{
    int side = sol_tile_scale(pixels, level);
    return level > 0 && side << level < pixels ? side + 1 : side;
}

static int add_plane(SolWeights *weights, const SolNode *node)
{
    Plane *plane = &weights->planes[weights->count];
    if (find_plane(weights, node))
        return SOL_OK;
    *plane = (Plane){.level = node->level, .extra = node->extra};
    plane->width = scaled(weights->width, node->level) + node->extra;
    plane->height = scaled(weights->height, node->level) + node->extra;
    if (plane->width < 1 || plane->height < 1)
        return SOL_OK;
    plane->values = sol_calloc((size_t)plane->width * (size_t)plane->height, sizeof *plane->values);
    if (!plane->values)
        return sol_fail_memory("the weights of a region");
    weights->count++;
    return SOL_OK;
}

static int add_planes(SolWeights *weights, const SolGraph *graph)
{
    int result = SOL_OK;
    for (int n = 0; n < sol_graph_count(graph) && result == SOL_OK; n++) {
        const SolLayer *layer = &sol_graph_node(graph, n)->layer;
        if (layer->op != SOL_OP_ADAIN && layer->op != SOL_OP_WCT)
            continue;
        result = add_plane(weights, sol_graph_node(graph, layer->inputs[0]));
        if (result == SOL_OK && layer->op == SOL_OP_ADAIN)
            result = add_plane(weights, sol_graph_node(graph, layer->tap));
    }
    return result;
}

int sol_weights_open(SolWeights **out, const SolGraph *graph, int width, int height)
{
    SolWeights *weights = sol_calloc(1, sizeof *weights);
    int result;
    if (!weights)
        return sol_fail_memory("the weights of a region");
    weights->width = width;
    weights->height = height;
    weights->planes = sol_calloc(2 * (size_t)sol_graph_count(graph), sizeof *weights->planes);
    weights->columns = sol_calloc((size_t)width, sizeof *weights->columns);
    weights->rows = sol_calloc((size_t)height, sizeof *weights->rows);
    result = weights->planes && weights->columns && weights->rows ? add_planes(weights, graph)
                                                                  : sol_fail_memory("the weights of a region");
    if (result != SOL_OK) {
        sol_weights_close(&weights);
        return result;
    }
    *out = weights;
    return SOL_OK;
}

/* ---- averages ---- */

typedef struct Loop {
    const SolWeights *weights;
    const SolMask *mask;
    Plane *plane;
} Loop;

/* The picture's pixels along a side that pixel `i` of a plane is made of: *first.. and how many. Those that a layer has
   beyond the picture are taken for the outermost. */
static int covered(const Plane *plane, int i, int side, int *first)
{
    int last = scaled(side, plane->level) - 1, end;
    i -= plane->extra / 2;
    i = i < 0 ? 0 : i > last ? last : i;
    if (plane->level < 0) {
        *first = i >> -plane->level;
        return 1;
    }
    *first = i << plane->level;
    end = *first + (1 << plane->level);
    return (end < side ? end : side) - *first;
}

static void average_row(void *context, int y)
{
    const Loop *loop = context;
    const SolWeights *weights = loop->weights;
    Plane *plane = loop->plane;
    int top, left, rows = covered(plane, y, weights->height, &top);
    float *to = plane->values + (size_t)y * (size_t)plane->width;
    for (int x = 0; x < plane->width; x++) {
        int columns = covered(plane, x, weights->width, &left);
        uint64_t sum = 0;
        for (int i = 0; i < rows; i++) {
            const uint8_t *row = sol_mask_row(loop->mask, weights->rows[top + i]);
            for (int k = 0; k < columns; k++)
                sum += row[weights->columns[left + k]];
        }
        to[x] = (float)((double)sum / (255.0 * rows * columns));
    }
}

/* Sums a plane, but for a last row or column that poolings may have dropped. */
static void add_up(const SolWeights *weights, Plane *plane)
{
    int width = sol_tile_scale(weights->width, plane->level) + plane->extra;
    int height = sol_tile_scale(weights->height, plane->level) + plane->extra;
    plane->sum = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            plane->sum += (double)plane->values[(size_t)y * (size_t)plane->width + (size_t)x];
}

void sol_weights_set(SolWeights *weights, const SolMask *mask, int margin, SolPool *pool)
{
    for (int x = 0; x < weights->width; x++)
        weights->columns[x] = sol_border_index(SOL_BORDER_REFLECT, x - margin, mask->width);
    for (int y = 0; y < weights->height; y++)
        weights->rows[y] = sol_border_index(SOL_BORDER_REFLECT, y - margin, mask->height);
    for (int i = 0; i < weights->count; i++) {
        Loop loop = {.weights = weights, .mask = mask, .plane = &weights->planes[i]};
        sol_pool_run(pool, average_row, &loop, weights->planes[i].height);
        add_up(weights, &weights->planes[i]);
    }
}

SolWeightRows sol_weights_at(const SolWeights *weights, const SolNode *node, int x, int y)
{
    const Plane *plane = weights ? find_plane(weights, node) : NULL;
    if (!plane || plane->sum < SOL_WEIGHTS_LEAST)
        return (SolWeightRows){.first = NULL};
    return (SolWeightRows){.first = plane->values + (size_t)y * (size_t)plane->width + x, .row = (size_t)plane->width};
}

void sol_weights_close(SolWeights **out)
{
    SolWeights *weights = *out;
    if (!weights)
        return;
    for (int i = 0; i < weights->count; i++)
        sol_free(weights->planes[i].values);
    sol_free(weights->planes);
    sol_free(weights->columns);
    sol_free(weights->rows);
    sol_free(weights);
    *out = NULL;
}
