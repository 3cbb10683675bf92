/* SPDX-License-Identifier: Apache-2.0
 *
 * The evaluation of a region, frame by frame: a tree of states, one for every node of the region's. A node fills its
 * mask, or joins those of its parts, and then treats the edge.
 */
#include "region/node.h"
#include "region/outline.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>

/* A node's state. */
typedef struct Node {
    const SolRegion *region;
    void *state;        /* of a leaf, as its kind has it */
    struct Node *parts; /* [region->part_count] */
    int opened;         /* how many of them are to be closed */
    SolMask *further;   /* what the parts behind the first one select; NULL where there are none */
} Node;

struct SolSelector {
    SolSelectorSource source;
    SolLengths lengths;
    Node root;
};

/* ---- opening and closing ---- */

static void close_node(Node *node)
{
    const SolRegionKind *kind = node->region ? node->region->kind : NULL;
    for (int i = 0; i < node->opened; i++)
        close_node(&node->parts[i]);
    sol_free(node->parts);
    sol_mask_close(&node->further);
    if (node->state && kind->close)
        kind->close(node->state);
    *node = (Node){0};
}

/* What is half open is closed by the caller, too. */
static int open_node(Node *node, const SolRegion *region, const SolSelectorSource *source)
{
    int result = SOL_OK;
    node->region = region;
    if (region->kind->open)
        result = region->kind->open(&node->state, region->what, source);
    if (result != SOL_OK || region->part_count == 0)
        return result;
    node->parts = sol_calloc((size_t)region->part_count, sizeof *node->parts);
    if (!node->parts)
        return sol_fail_memory("a region");
    if (region->part_count > 1)
        result = sol_mask_create(&node->further, source->width, source->height);
    for (int i = 0; i < region->part_count && result == SOL_OK; i++) {
        node->opened++;
        result = open_node(&node->parts[i], region->parts[i], source);
    }
    return result;
}

SolLengths sol_lengths_of(const SolSelectorSource *source)
{
    double x = (double)source->width / source->source_width, y = (double)source->height / source->source_height;
    bool upright = source->source_height > source->source_width;
    return (SolLengths){
        .x = x,
        .y = y,
        .either = upright ? x : y,
        .width = source->width,
        .height = source->height,
        .short_side = upright ? source->width : source->height,
    };
}

int sol_selector_open(SolSelector **out, const SolRegion *region, const SolSelectorSource *source)
{
    SolSelector *selector;
    int result;
    if (source->width < 1 || source->height < 1 || source->source_width < 1 || source->source_height < 1)
        return sol_fail(SOL_ERR_ARGUMENT, "a region of frames of %dx%d pixels, from %dx%d: sides must be 1 or more",
                        source->width, source->height, source->source_width, source->source_height);
    if (!(selector = sol_calloc(1, sizeof *selector)))
        return sol_fail_memory("a region");
    selector->source = *source;
    selector->lengths = sol_lengths_of(source);
    result = open_node(&selector->root, region, &selector->source);
    if (result != SOL_OK) {
        sol_selector_close(&selector);
        return result;
    }
    *out = selector;
    return SOL_OK;
}

void sol_selector_close(SolSelector **selector)
{
    if (!*selector)
        return;
    close_node(&(*selector)->root);
    sol_free(*selector);
    *selector = NULL;
}

/* ---- evaluating ---- */

/* A length that goes by the shorter side, in pixels of the painted frame. */
static double length_at(const SolLengths *lengths, const SolTrack *track, SolInstant at)
{
    double values[SOL_LENGTH];
    if (track->count == 0)
        return 0;
    sol_track_at(track, at, values);
    return values[0] * lengths->either + values[1] * lengths->short_side;
}

/* Moves, softens, inverts and fades. */
static int treat_edge(const SolSelector *selector, const SolRegion *region, SolInstant at, SolMask *mask)
{
    double opacity = 1;
    int result = sol_mask_grow(mask, length_at(&selector->lengths, &region->grow, at), selector->source.pool);
    if (result == SOL_OK)
        result = sol_mask_feather(mask, length_at(&selector->lengths, &region->feather, at), selector->source.pool);
    if (result != SOL_OK)
        return result;
    if (region->invert)
        sol_mask_invert(mask);
    if (region->opacity.count > 0)
        sol_track_at(&region->opacity, at, &opacity);
    if (opacity < 1)
        sol_mask_fade(mask, fmax(opacity, 0));
    return SOL_OK;
}

static int node_at(const SolSelector *selector, Node *node, const SolImage *frame, SolInstant at, SolMask *mask)
{
    const SolRegion *region = node->region;
    int result = SOL_OK;
    if (region->kind->at)
        result = region->kind->at(node->state, frame, at, mask);
    for (int i = 0; i < node->opened && result == SOL_OK; i++) {
        result = node_at(selector, &node->parts[i], frame, at, i == 0 ? mask : node->further);
        if (result == SOL_OK && i > 0)
            region->kind->join(mask, node->further);
    }
    if (result == SOL_OK && region->kind->finish)
        region->kind->finish(mask);
    return result == SOL_OK ? treat_edge(selector, region, at, mask) : result;
}

int sol_selector_at(SolSelector *selector, const SolImage *frame, SolInstant at, SolMask *mask)
{
    if (mask->width != selector->source.width || mask->height != selector->source.height)
        return sol_fail(SOL_ERR_ARGUMENT, "a mask of %dx%d pixels for frames of %dx%d", mask->width, mask->height,
                        selector->source.width, selector->source.height);
    return node_at(selector, &selector->root, frame, at, mask);
}

/* ---- memory ---- */

static void forget_node(Node *node)
{
    if (node->region->kind->forget)
        node->region->kind->forget(node->state);
    for (int i = 0; i < node->opened; i++)
        forget_node(&node->parts[i]);
}

static void save_node(const Node *node, SolBlob *blob)
{
    if (node->region->kind->save)
        node->region->kind->save(node->state, blob);
    for (int i = 0; i < node->opened; i++)
        save_node(&node->parts[i], blob);
}

static void restore_node(Node *node, SolBlob *blob)
{
    if (node->region->kind->restore)
        node->region->kind->restore(node->state, blob);
    for (int i = 0; i < node->opened; i++)
        restore_node(&node->parts[i], blob);
}

void sol_selector_forget(SolSelector *selector)
{
    forget_node(&selector->root);
}

void sol_selector_save(const SolSelector *selector, SolBlob *blob)
{
    save_node(&selector->root, blob);
}

void sol_selector_restore(SolSelector *selector, SolBlob *blob)
{
    restore_node(&selector->root, blob);
}
