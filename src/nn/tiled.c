/* SPDX-License-Identifier: Apache-2.0
 *
 * One plan serves all passes: a pass for a node that normalises stops before it. Halos differ from pass to pass (the
 * deeper into the network, the wider), so with tiles of one size the cores do: each pass has a cut of its own.
 */
#include "nn/tiled.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/gemm.h"
#include "nn/tiles.h"

/* What is put together tile by tile: moments for adain, or a scatter for wct. */
typedef struct Total {
    SolMoments *moments; /* [channels], or NULL */
    double count;        /* of pixels so far */
    SolScatter scatter;
} Total;

/* The pass before a node that normalises: adain, instance_norm, wct. */
typedef struct Pass {
    int node;
    int input, tap;        /* what it reads; only an adain node has a tap, others -1 */
    Total content, own;    /* of these two */
} Pass;

struct SolTiledPlan {
    const SolGraph *graph;
    SolPlan *plan;        /* for a tile */
    int width, height;    /* of the picture */
    int tile_width, tile_height;
    double macs;
    int *halos;           /* [nodes] */
    int halo;             /* the widest that is used */
    Pass *passes;
    int pass_count;       /* nodes that normalise */
    SolStyleMap *maps;    /* [nodes] */
    SolMoments *moments;  /* [most channels]: of a tile */
    float *mean, *std;    /* [most channels]: aimed for */
    void *part, *work;    /* where there are wct nodes: for the scatter of a tile, and to work with */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The halo that a pass needs. */
static int halo_of(const SolTiledPlan *t, const Pass *pass)
{
    return larger(t->halos[pass->input], pass->tap < 0 ? 0 : t->halos[pass->tap]);
}

/* ---- planning ---- */

/* What is to be planned. */
typedef struct Wanted {
    const SolGraph *graph;
    int width, height, halo;
    const int *keep;
    int keep_count;
    const SolPlanOptions *options;
    SolPool *pool;
} Wanted;

/* Tiles of which so many are enough. */
typedef struct Size {
    int width, height;
    double work; /* pixels of all tiles */
    size_t bytes;
} Size;

static int measure(const Wanted *w, int width, int height, SolPlanSize *size)
{
    return sol_plan_measure(size, w->graph, width, height, w->keep, w->keep_count, w->options, w->pool);
}

static int size_for(const Wanted *w, int columns, int rows, Size *size)
{
    int multiple = sol_graph_multiple(w->graph), result;
    int width = sol_tile_for_count(w->width, columns, w->halo, multiple);
    int height = sol_tile_for_count(w->height, rows, w->halo, multiple);
    SolPlanSize plan;
    if ((result = measure(w, width, height, &plan)) != SOL_OK)
        return result;
    *size = (Size){.width = width, .height = height, .bytes = plan.bytes};
    size->work = (double)width * sol_tile_side(w->width, width, w->halo, multiple).count * height *
                 sol_tile_side(w->height, height, w->halo, multiple).count;
    return SOL_OK;
}

/*
 * Of the tiles that fit into `bytes`, those with the least work: one column of as few tiles as fit, two, and so on.
 * Without any that fit, best->width is 0 and best->bytes what the smallest take.
 */
static int choose_size(const Wanted *w, uint64_t bytes, Size *best)
{
    int multiple = sol_graph_multiple(w->graph), result;
    int columns = sol_tile_most(w->width, w->halo, multiple), rows = sol_tile_most(w->height, w->halo, multiple);
    Size size = {0};
    best->width = 0;
    for (int across = 1, down = rows; across <= columns && down >= 1;) {
        if ((result = size_for(w, across, down, &size)) != SOL_OK)
            return result;
        if (size.bytes > bytes) {
            across++;
            continue;
        }
        if (best->width == 0 || size.work < best->work)
            *best = size;
        down--;
    }
    if (best->width == 0)
        best->bytes = size.bytes;
    return SOL_OK;
}

static int cannot_cut(const Wanted *w, const SolNode *obstacle, size_t bytes, SolMemoryLimit limit)
{
    return sol_fail(SOL_ERR_NOMEM,
                    "%dx%d pixels need %llu MiB of memory, and %llu MiB are allowed: with its layer \"%s\" the network "
                    "is not run in tiles; allow more memory or paint a smaller picture",
                    w->width, w->height, (unsigned long long)((bytes + limit.others) >> 20) + 1,
                    (unsigned long long)(limit.bytes >> 20), obstacle->name);
}

/* Finds the size of the tiles, or that the picture need not be cut. */
static int find_size(SolTiledPlan *t, const Wanted *w, SolMemoryLimit limit)
{
    uint64_t bytes = limit.bytes > limit.others ? limit.bytes - limit.others : 0;
    SolPlanSize whole;
    Size size;
    int obstacle = sol_tile_obstacle(w->graph), result = measure(w, w->width, w->height, &whole);
    if (result != SOL_OK)
        return result;
    t->macs = whole.macs;
    t->tile_width = w->width;
    t->tile_height = w->height;
    if (whole.bytes <= bytes)
        return SOL_OK;
    if (obstacle >= 0)
        return cannot_cut(w, sol_graph_node(w->graph, obstacle), whole.bytes, limit);
    if ((result = choose_size(w, bytes, &size)) != SOL_OK)
        return result;
    if (size.width == 0)
        return sol_fail(SOL_ERR_NOMEM,
                        "%dx%d pixels need %llu MiB of memory, even in the smallest tiles; %llu MiB are allowed",
                        w->width, w->height, (unsigned long long)((size.bytes + limit.others) >> 20) + 1,
                        (unsigned long long)(limit.bytes >> 20));
    t->tile_width = size.width;
    t->tile_height = size.height;
    return SOL_OK;
}

static SolMoments *new_moments(int channels)
{
    return sol_alloc((size_t)channels, sizeof(SolMoments));
}

/* Memory for what `op` goes by; released by close_total(). */
static int open_total(Total *total, SolOp op, int channels)
{
    void *memory = op == SOL_OP_WCT ? sol_alloc(sol_scatter_bytes(channels), 1) : new_moments(channels);
    if (!memory)
        return sol_fail_memory("a network's statistics");
    if (op == SOL_OP_WCT)
        total->scatter = sol_scatter_in(memory, channels);
    else
        total->moments = memory;
    return SOL_OK;
}

static void close_total(Total *total)
{
    sol_free(total->moments);
    sol_free(total->scatter.mean);
}

static bool has_pass(SolOp op)
{
    return sol_op_normalises(op) || op == SOL_OP_WCT;
}

/* The pass of node `n`. */
static int make_pass(SolTiledPlan *t, int n)
{
    const SolNode *node = sol_graph_node(t->graph, n);
    SolOp op = node->layer.op;
    size_t channels = (size_t)node->channels;
    SolStyleMap *map = &t->maps[n];
    Pass *pass = &t->passes[t->pass_count++];
    int result;
    *pass = (Pass){.node = n, .input = node->layer.inputs[0], .tap = op == SOL_OP_ADAIN ? node->layer.tap : -1};
    result = open_total(&pass->content, op, node->channels);
    if (result == SOL_OK && op == SOL_OP_ADAIN)
        result = open_total(&pass->own, op, node->channels);
    map->centre = sol_alloc(channels * (op == SOL_OP_WCT ? channels + 2 : 3), sizeof *map->centre);
    if (!map->centre)
        return sol_fail_memory("a network's plan");
    map->offset = map->centre + channels;
    map->scale = map->offset + channels;
    return result;
}

/* What scatters are computed with, in learning and in passes. */
static int make_workspace(SolTiledPlan *t, const SolPool *pool)
{
    int most = 0;
    for (int n = 0; n < sol_graph_count(t->graph); n++)
        if (sol_graph_node(t->graph, n)->layer.op == SOL_OP_WCT)
            most = larger(most, sol_graph_node(t->graph, n)->channels);
    if (most == 0)
        return SOL_OK;
    sol_gemm_set_threads(1);
    t->part = sol_alloc(sol_scatter_bytes(most), 1);
    t->work = sol_alloc(sol_wct_bytes(most, pool), 1);
    return t->part && t->work ? SOL_OK : sol_fail_memory("a network's plan");
}

/* All that runs work with, but the plan. `needed` is room for as many as there are nodes. */
static int make_passes(SolTiledPlan *t, const int keep[], int keep_count, bool needed[])
{
    int count = sol_graph_count(t->graph), most = 1, result = SOL_OK;
    for (int n = 0; n < count; n++)
        most = larger(most, sol_graph_node(t->graph, n)->channels);
    t->halos = sol_alloc((size_t)count, sizeof *t->halos);
    t->maps = sol_calloc((size_t)count, sizeof *t->maps);
    t->passes = sol_calloc((size_t)count, sizeof *t->passes);
    t->moments = new_moments(most);
    t->mean = sol_alloc((size_t)most, 2 * sizeof *t->mean);
    if (!t->halos || !t->maps || !t->passes || !t->moments || !t->mean)
        return sol_fail_memory("a network's plan");
    t->std = t->mean + most;
    sol_tile_halos(t->graph, t->halos);
    sol_graph_needed(t->graph, keep, keep_count, needed);
    for (int i = 0; i < keep_count; i++)
        t->halo = larger(t->halo, t->halos[keep[i]]);
    for (int n = 0; n < count && result == SOL_OK; n++)
        if (needed[n] && has_pass(sol_graph_node(t->graph, n)->layer.op)) {
            result = make_pass(t, n);
            t->halo = larger(t->halo, halo_of(t, &t->passes[t->pass_count - 1]));
        }
    return result;
}

int sol_tiled_open(SolTiledPlan **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                   const SolPlanOptions *options, SolPool *pool, SolMemoryLimit limit)
{
    SolTiledPlan *t = sol_calloc(1, sizeof *t);
    Wanted wanted = {.graph = graph, .width = width, .height = height, .keep = keep, .keep_count = keep_count,
                     .options = options, .pool = pool};
    bool *needed = sol_alloc((size_t)sol_graph_count(graph), sizeof *needed);
    int result;
    if (!t || !needed) {
        sol_free(t);
        sol_free(needed);
        return sol_fail_memory("a network's plan");
    }
    t->graph = graph;
    t->width = width;
    t->height = height;
    result = make_passes(t, keep, keep_count, needed);
    sol_free(needed);
    if (result == SOL_OK)
        result = make_workspace(t, pool);
    if (result == SOL_OK) {
        wanted.halo = t->halo;
        result = find_size(t, &wanted, limit);
    }
    if (result == SOL_OK)
        result = sol_plan_open(&t->plan, graph, t->tile_width, t->tile_height, keep, keep_count, options, pool);
    if (result != SOL_OK) {
        sol_tiled_close(&t);
        return result;
    }
    *out = t;
    return SOL_OK;
}

/* ---- running ---- */

/* The cut of one pass, and a tile of it. */
typedef struct Cut {
    SolTileSide across, down;
    int x, y; /* the tile's column and row */
} Cut;

static Cut cut_for(const SolTiledPlan *t, int halo)
{
    int multiple = sol_graph_multiple(t->graph);
    return (Cut){.across = sol_tile_side(t->width, t->tile_width, halo, multiple),
                 .down = sol_tile_side(t->height, t->tile_height, halo, multiple)};
}

static int tiles_of(const Cut *cut)
{
    return cut->across.count * cut->down.count;
}

/* Reads tile `i` of the cut into the plan's input. */
static void read_tile(const SolTiledPlan *t, Cut *cut, int i, const SolCanvas *canvas)
{
    SolArea area = {.width = t->tile_width, .height = t->tile_height};
    cut->x = i % cut->across.count;
    cut->y = i / cut->across.count;
    area.x = sol_tile_first(&cut->across, cut->x);
    area.y = sol_tile_first(&cut->down, cut->y);
    canvas->read(canvas->context, area, sol_plan_input(t->plan));
}

/* Adds the moments, or the scatter, of the tile's core at a node, which has been run. */
static void add_core(const SolTiledPlan *t, const Cut *cut, int node, const SolWeights *weights, Total *total)
{
    SolShape shape = sol_plan_shape(t->plan, node);
    const SolNode *of = sol_graph_node(t->graph, node);
    SolArea core = sol_tile_core_area(&cut->across, &cut->down, cut->x, cut->y, shape, of->level);
    SolWeightRows rows = sol_weights_at(weights, of, sol_tile_scale(sol_tile_core(&cut->across, cut->x), of->level),
                                        sol_tile_scale(sol_tile_core(&cut->down, cut->y), of->level));
    SolScatter part;
    double count;
    if (total->scatter.mean) {
        part = sol_scatter_in(t->part, shape.channels);
        sol_plan_scatter(t->plan, node, core, rows, t->work, &part);
        sol_scatter_merge(&total->scatter, &part, shape.channels);
        return;
    }
    count = sol_plan_moments(t->plan, node, core, rows, t->moments);
    if (count > 0)
        sol_moments_merge(total->moments, total->count, t->moments, count, shape.channels);
    total->count += count;
}

static void write_core(const SolTiledPlan *t, const Cut *cut, const SolCanvas *canvas)
{
    SolShape shape;
    const float *output = sol_plan_result(t->plan, sol_graph_count(t->graph) - 1, &shape);
    SolArea core = sol_tile_core_area(&cut->across, &cut->down, cut->x, cut->y, shape, 0);
    const float *first = output + (size_t)core.y * (size_t)shape.width + core.x;
    core.x = sol_tile_core(&cut->across, cut->x);
    core.y = sol_tile_core(&cut->down, cut->y);
    canvas->write(canvas->context, core, first, (size_t)shape.width, sol_shape_plane(shape));
}

/* Puts together what a node goes by, tile by tile. */
static void add_tiles(SolTiledPlan *t, Pass *pass, const SolCanvas *canvas, const SolApply *apply)
{
    const SolNode *node = sol_graph_node(t->graph, pass->node);
    const SolWeights *weights = node->layer.op == SOL_OP_INSTANCE_NORM ? NULL : apply->weights;
    Cut cut = cut_for(t, halo_of(t, pass));
    pass->content.count = pass->own.count = 0;
    if (node->layer.op == SOL_OP_WCT)
        sol_scatter_clear(&pass->content.scatter, node->channels);
    for (int i = 0; i < tiles_of(&cut); i++) {
        read_tile(t, &cut, i, canvas);
        sol_plan_run_tile(t->plan, pass->node, t->maps);
        add_core(t, &cut, pass->input, weights, &pass->content);
        if (pass->tap >= 0 && sol_apply_needs_own(apply))
            add_core(t, &cut, pass->tap, weights, &pass->own);
    }
}

/* The map of an adain node. */
static void aim_adain(const SolTiledPlan *t, const Pass *pass, const SolApply *apply, const SolStyleMap *map)
{
    int channels = sol_graph_node(t->graph, pass->node)->channels;
    size_t at = sol_apply_trail(t->graph, pass->node);
    sol_apply_smooth_moments(apply, at, pass->content.moments, channels);
    sol_apply_smooth_moments(apply, at + 2 * (size_t)channels, pass->own.moments, channels);
    sol_adain_aim(pass->own.moments, channels, apply->statistics + sol_graph_statistics(t->graph, pass->tap),
                  apply->strength, t->mean, t->std);
    sol_adain(pass->content.moments, channels, t->mean, t->std, map->centre, map->scale, map->offset);
}

/* Finds out what a node goes by, and its map. */
static int run_pass(SolTiledPlan *t, Pass *pass, const SolCanvas *canvas, const SolApply *apply)
{
    const SolNode *node = sol_graph_node(t->graph, pass->node);
    const SolLayer *layer = &node->layer;
    SolStyleMap *map = &t->maps[pass->node];
    int result = SOL_OK;
    add_tiles(t, pass, canvas, apply);
    if (layer->op == SOL_OP_WCT) {
        sol_apply_smooth_scatter(apply, sol_apply_trail(t->graph, pass->node), &pass->content.scatter, node->channels);
        result = sol_wct(&pass->content.scatter, node->channels,
                         apply->statistics + sol_graph_statistics(t->graph, layer->tap),
                         apply->strength * layer->strength, t->work, map->centre, map->scale, map->offset);
    } else if (layer->op == SOL_OP_INSTANCE_NORM) {
        sol_instance_norm(pass->content.moments, node->channels, layer->epsilon, layer->weights, layer->bias,
                          map->centre, map->scale, map->offset);
    } else {
        aim_adain(t, pass, apply, map);
    }
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "layer \"%s\"", node->name);
}

void sol_tiled_set_pool(SolTiledPlan *t, SolPool *pool)
{
    sol_plan_set_pool(t->plan, pool);
}

int sol_tiled_run(SolTiledPlan *t, const SolCanvas *canvas, const SolApply *apply)
{
    int nodes = sol_graph_count(t->graph);
    Cut cut = cut_for(t, t->halos[nodes - 1]);
    bool whole = sol_tiled_count(t) == 1;
    int result = SOL_OK;
    for (int i = 0; i < t->pass_count && !whole && result == SOL_OK; i++)
        result = run_pass(t, &t->passes[i], canvas, apply);
    for (int i = 0; i < tiles_of(&cut) && result == SOL_OK; i++) {
        read_tile(t, &cut, i, canvas);
        if (whole)
            result = sol_plan_apply(t->plan, apply);
        else
            sol_plan_run_tile(t->plan, nodes, t->maps);
        write_core(t, &cut, canvas);
    }
    return result;
}

/* All tiles through the part of the network that the taps need. */
static void add_taps(SolTiledPlan *t, const SolCanvas *canvas, Total totals[])
{
    Cut cut = cut_for(t, t->halo);
    const SolApply full = {.strength = 1};
    bool whole = sol_tiled_count(t) == 1;
    for (int i = 0; i < t->pass_count && !whole; i++)
        run_pass(t, &t->passes[i], canvas, &full);
    for (int i = 0; i < tiles_of(&cut); i++) {
        read_tile(t, &cut, i, canvas);
        if (whole)
            sol_plan_apply(t->plan, &full);
        else
            sol_plan_run_tile(t->plan, sol_graph_count(t->graph), t->maps);
        for (int k = 0; k < sol_graph_tap_count(t->graph); k++)
            add_core(t, &cut, sol_graph_tap(t->graph, k), NULL, &totals[k]);
    }
}

/* Fills in what a style keeps of a tap. */
static int keep_statistics(const SolTiledPlan *t, int tap, const Total *total, float *statistics)
{
    int channels = sol_graph_node(t->graph, tap)->channels;
    float *to = statistics + sol_graph_statistics(t->graph, tap);
    if (total->scatter.mean)
        return sol_wct_colouring(&total->scatter, channels, t->work, to);
    for (int c = 0; c < channels; c++) {
        to[c] = (float)total->moments[c].mean;
        to[channels + c] = sol_deviation(&total->moments[c]);
    }
    return SOL_OK;
}

int sol_tiled_learn(SolTiledPlan *t, const SolCanvas *canvas, float *statistics)
{
    int taps = sol_graph_tap_count(t->graph), result = SOL_OK;
    Total *totals = sol_calloc((size_t)taps, sizeof *totals);
    if (!totals)
        return sol_fail_memory("a style");
    for (int k = 0; k < taps && result == SOL_OK; k++) {
        const SolNode *tap = sol_graph_node(t->graph, sol_graph_tap(t->graph, k));
        result = open_total(&totals[k], tap->tapped, tap->channels);
        if (result == SOL_OK && tap->tapped == SOL_OP_WCT)
            sol_scatter_clear(&totals[k].scatter, tap->channels);
    }
    if (result == SOL_OK)
        add_taps(t, canvas, totals);
    for (int k = 0; k < taps; k++) {
        if (result == SOL_OK)
            result = keep_statistics(t, sol_graph_tap(t->graph, k), &totals[k], statistics);
        close_total(&totals[k]);
    }
    sol_free(totals);
    return result;
}

int sol_tiled_count(const SolTiledPlan *t)
{
    Cut cut = cut_for(t, t->halo);
    return tiles_of(&cut);
}

double sol_tiled_macs(const SolTiledPlan *t)
{
    return t->macs;
}

bool sol_tiled_step(const SolTiledPlan *t, int node, SolPlanStep *step)
{
    if (!sol_plan_step(t->plan, node, step))
        return false;
    if (sol_tiled_count(t) == 1)
        return true;
    step->shape.width = sol_tile_scale(t->width, step->node->level);
    step->shape.height = sol_tile_scale(t->height, step->node->level);
    return true;
}

const char *sol_tiled_backend(const SolTiledPlan *t)
{
    return sol_plan_backend(t->plan);
}

void sol_tiled_close(SolTiledPlan **out)
{
    SolTiledPlan *t = *out;
    if (!t)
        return;
    for (int i = 0; i < t->pass_count; i++) {
        close_total(&t->passes[i].content);
        close_total(&t->passes[i].own);
        sol_free(t->maps[t->passes[i].node].centre);
    }
    sol_plan_close(&t->plan);
    sol_free(t->halos);
    sol_free(t->maps);
    sol_free(t->passes);
    sol_free(t->moments);
    sol_free(t->mean);
    sol_free(t->part);
    sol_free(t->work);
    sol_free(t);
    *out = NULL;
}
