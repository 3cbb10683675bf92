/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the tree of LZW codes along a row: remapping, dithering and compression in one.
 *
 * Some of every error is dropped (SPREAD in remap.c): where the palette has no colour beyond that of the picture, a
 * whole error would be handed on for ever and come out as noise elsewhere.
 */
#include "media/kernels_set.h"
#include "media/remap_walk.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

enum {
    LONGEST = 256,          /* pixels that a search looks ahead */
    STARTS = 3,             /* colours that a code may begin with */
    WAYS = 64,              /* that are left to be followed */
    MOST_WORTH = 1 << 20
};

/* A way that may be followed: from a node on, at pixel x, to which errors are brought. */
typedef struct Way {
    SolFour ahead;
    int node, x, score;
} Way;

/* ---- one pixel ---- */

static inline SolFour levels_of(const void *colour)
{
#if defined(__SSE4_1__)
    int32_t bytes; /* what __builtin_convertvector() becomes with gcc 12 takes a dozen instructions */
    memcpy(&bytes, colour, sizeof bytes);
    return (SolFour)_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes & 0xffffff));
#else
    const SolFour mask = {-1, -1, -1, 0};
    uint8_t bytes __attribute__((vector_size(4)));
    memcpy(&bytes, colour, sizeof bytes);
    return __builtin_convertvector(bytes, SolFour) & mask;
#endif
}

/* The colour that pixel x shows with a code's last index, which lies behind the colour in the node. */
static inline SolFour shown_by(const SolRemapper *state, const SolLzwNode *node, int x)
{
    const void *colour = (const uint8_t *)node + offsetof(SolLzwNode, colour);
    return levels_of(node->index == state->transparent ? (const void *)(state->shown + x) : colour);
}

/* The levels that pixel x wants, the one to its left having left `ahead` for it. */
static inline SolFour want(const SolRemapper *state, int x, SolFour ahead)
{
    SolFour level = (state->wanted[x] + ahead + 8) >> 4;
    level &= ~(level >> 31);
    return (level | (level > 255)) & 255;
}

static inline int distance(SolFour level, SolFour colour)
{
    SolFour way = level - colour;
    way *= way;
    return way[0] + way[1] + way[2];
}

/* What is spread of the error of a pixel: as much of it either way, so rounded towards none. */
static inline SolFour error_of(const SolRemapper *state, SolFour level, SolFour colour)
{
    SolFour error = (level - colour) * state->strength;
    return (error + (error >> 31 & (SOL_STRENGTH - 1))) >> SOL_STRENGTH_BITS;
}

/* The score that a distance beyond the least possible costs at pixel x. */
static inline int cost(const SolRemapper *state, int x, int found, int least)
{
    return found <= least ? 0 : ((found - least) * state->weight[x]) >> 2;
}

/* The least distance that any colour of the palette has: exactly, or of those near enough to be one of the nearest. */
static inline int find_least(SolRemapper *state, SolFour level)
{
    int distances[SOL_NEAR], least;
    if (state->lossless)
        return sol_colour_map_least(state->map, level[0], level[1], level[2]);
    sol_near_distances(sol_colour_map_near(state->map, level[0], level[1], level[2]), level[0], level[1], level[2],
                       distances);
    least = distances[0];
    for (int i = 1; i < SOL_NEAR; i++)
        least = distances[i] < least ? distances[i] : least;
    return least;
}

/* ---- searching ---- */

/* The children of a node that pixel x may take, and how far their colours are from what it wants. */
typedef struct Children {
    int count, nearest;
    int node[SOL_PALETTE_MAX + 1], distance[SOL_PALETTE_MAX + 1];
} Children;

static inline void add_child(Children *children, int node, int found)
{
    children->nearest = children->count == 0 || found < children->distance[children->nearest] ? children->count
                                                                                             : children->nearest;
    children->node[children->count] = node;
    children->distance[children->count++] = found;
}

/* Lists a node's children. Returns how far the screen's colour is, INT_MAX where it cannot be kept. */
static inline int list_children(const SolRemapper *state, const Way *way, SolFour level, Children *children)
{
    const SolLzwNode *nodes = state->lzw->nodes;
    int held = INT_MAX;
    children->count = children->nearest = 0;
    if (state->transparent >= 0) {
        held = distance(level, levels_of(state->shown + way->x));
        if (state->kept[way->node])
            add_child(children, state->kept[way->node], held);
    }
    for (int i = nodes[way->node].child; i != 0; i = nodes[i].next)
        add_child(children, i,
                  distance(level, levels_of((const uint8_t *)(nodes + i) + offsetof(SolLzwNode, colour))));
    return held;
}

/* Leaves a way to be followed later, the best one of a node first. */
static void leave(Way *ways, int first, int *count, const Way *way)
{
    int at = *count;
    if (at == WAYS)
        return;
    for (; at > first && ways[at - 1].score > way->score; at--)
        ways[at] = ways[at - 1];
    ways[at] = *way;
    ++*count;
}

/* The way on to a child. */
static inline Way follow(const SolRemapper *state, const Way *way, SolFour level, int node, int lost)
{
    return (Way){.ahead = 7 * error_of(state, level, shown_by(state, state->lzw->nodes + node, way->x)),
                 .node = node,
                 .x = way->x + 1,
                 .score = way->score + state->worth - lost};
}

/* Goes on to the nearest child, and leaves others for later. False where none is near enough. */
static bool choose(SolRemapper *state, Way *way, SolFour level, Way *ways, int *count)
{
    const Way from = *way;
    Children children;
    int held = list_children(state, way, level, &children), first = *count, least, index, room, lost;
    if (children.count == 0)
        return false;
    least = children.distance[children.nearest];
    index = state->lzw->nodes[children.node[children.nearest]].index;
    if (least > state->sure[index]) {
        int found = find_least(state, level);
        least = found < least ? found : least;
    }
    least = held < least ? held : least;
    room = state->lossless ? 1 : from.score - state->best_score + state->behind;
    lost = cost(state, from.x, children.distance[children.nearest], least);
    if (lost >= room)
        return false;
    *way = follow(state, &from, level, children.node[children.nearest], lost);
    for (int i = 0; i < children.count; i++) {
        lost = cost(state, from.x, children.distance[i], least);
        if (lost < room && i != children.nearest) {
            Way other = follow(state, &from, level, children.node[i], lost);
            leave(ways, first, count, &other);
        }
    }
    return true;
}

/* Goes a pixel further. False where the way ends. */
static bool go_on(SolRemapper *state, Way *way, Way *ways, int *count)
{
    SolFour level;
    if (way->score > state->best_score) {
        state->best_score = way->score;
        state->best_node = way->node;
        state->best_length = way->x - state->begin;
    }
    if (way->x == state->width || way->x - state->begin == LONGEST || state->left <= 0 ||
        (state->lzw->nodes[way->node].child == 0 && state->kept[way->node] == 0))
        return false;
    state->left--;
    level = want(state, way->x, way->ahead);
    if (!state->still[way->x])
        return choose(state, way, level, ways, count);
    if (state->kept[way->node] == 0)
        return false;
    *way = follow(state, way, level, state->kept[way->node], 0);
    return true;
}

/* Finds the best way from a node on. */
static void search(SolRemapper *state, Way way)
{
    Way ways[WAYS];
    int count = 0;
    for (;;) {
        while (go_on(state, &way, ways, &count))
            ;
        do {
            if (count == 0)
                return;
            way = ways[--count];
        } while (way.score - state->worth <= state->best_score - state->behind);
    }
}

/* What a pixel is worth: what one has cost so far on average. */
static void find_worth(SolRemapper *state)
{
    double spent = state->errors + 12 * state->frame->lossy * (state->codes + 200);
    double worth = 16 * spent / (state->pixels + 600);
    state->worth = state->lossless || worth < 1 ? 1 : worth > MOST_WORTH ? MOST_WORTH : (int)worth;
    state->behind = state->slack * state->worth / SOL_SLACK;
}

static void begin_search(SolRemapper *state, int x, int node, int score)
{
    state->begin = x;
    state->best_score = score;
    state->best_length = 0;
    state->best_node = node;
    state->left = state->looks;
}

/* ---- where codes begin ---- */

/* Keeps the three least of all keys, in order. */
static inline void keep_least(int least[STARTS], int key)
{
    for (int i = 0; i < STARTS; i++) {
        int less = key < least[i] ? key : least[i];
        key = key < least[i] ? least[i] : key;
        least[i] = less;
    }
}

/* The colours that a code may begin with at pixel x, the nearest first, each as its distance * 256 + its index. */
static int list_starts(SolRemapper *state, int x, SolFour level, int starts[STARTS])
{
    const int colours = state->frame->palette.count;
    int distances[SOL_NEAR], count = 0;
    for (int i = 0; i < STARTS; i++)
        starts[i] = INT_MAX;
    if (state->transparent >= 0)
        keep_least(starts, distance(level, levels_of(state->shown + x)) << 8 | state->transparent);
    if (!state->still[x]) {
        const SolNear *near = sol_colour_map_near(state->map, level[0], level[1], level[2]);
        sol_near_distances(near, level[0], level[1], level[2], distances);
        for (int i = 0; i < SOL_NEAR; i++)
            keep_least(starts, near->index[i] < colours ? distances[i] << 8 | near->index[i] : INT_MAX);
        if (state->lossless) {
            int found = sol_colour_map_find(state->map, level[0], level[1], level[2]);
            int key = sol_colour_map_least(state->map, level[0], level[1], level[2]) << 8 | found;
            if (key != starts[0] && key != starts[1] && key != starts[2])
                keep_least(starts, key);
        }
    }
    while (count < STARTS && starts[count] != INT_MAX)
        count++;
    return count;
}

/*
 * Gives a node that was added last its index. What lets the screen show is not among its parent's other children; where
 * the parent has such a child already, nothing leads to a second one.
 */
static void set_index(SolRemapper *state, int node, int index)
{
    SolLzwNode *nodes = state->lzw->nodes, *changed = nodes + node;
    int parent = state->parent[node];
    bool was_kept = changed->index == state->transparent, is_kept = index == state->transparent;
    if (is_kept && !was_kept) {
        nodes[parent].child = changed->next;
        if (state->kept[parent] == 0)
            state->kept[parent] = (uint16_t)node;
    } else if (was_kept && !is_kept) {
        changed->next = nodes[parent].child;
        nodes[parent].child = (uint16_t)node;
        if (state->kept[parent] == node)
            state->kept[parent] = 0;
    }
    changed->index = (uint8_t)index;
    if (!is_kept)
        memcpy(changed->colour, state->frame->palette.colour[index], 3);
}

/* Makes room in the dictionary for the string of a code, continued. Returns the node; 0: there is none. */
static int add_node(SolRemapper *state, int former)
{
    int added = former < 0 ? 0 : sol_lzw_add(state->lzw, former, 0);
    if (added) {
        state->parent[added] = (uint16_t)former;
        state->kept[added] = 0;
    }
    return added;
}

/*
 * Finds the best way for a new code from pixel x on. Where the dictionary has room, the string of the code before it,
 * `former`, goes on in there with the first index of the new one, which may thus be that very string.
 */
static void search_start(SolRemapper *state, int former, int x, SolFour ahead)
{
    int starts[STARTS], first = 0, added = add_node(state, former), count;
    SolFour level = want(state, x, ahead);
    find_worth(state);
    begin_search(state, x, 0, INT_MIN);
    count = list_starts(state, x, level, starts);
    for (int i = 0; i < count; i++) {
        Way way = {.x = x};
        int node = starts[i] & 255, lost = cost(state, x, starts[i] >> 8, starts[0] >> 8), best = state->best_score;
        if (i > 0 && ((lost > 0 && state->lossless) || state->worth - lost <= best - state->behind))
            break;
        if (added)
            set_index(state, added, node);
        state->left = state->looks;
        search(state, follow(state, &way, level, node, lost));
        if (state->best_score > best)
            first = node;
    }
    if (added)
        set_index(state, added, first);
}

/* ---- rows ---- */

/* Spreads the error of pixel x, which shows that colour; `ahead` becomes what it leaves for the next pixel. */
static inline void spread(SolRemapper *state, int x, SolFour colour, SolFour *ahead)
{
    SolFour error = error_of(state, want(state, x, *ahead), colour);
    *ahead = 7 * error;
    state->below[x] += 3 * error;
    state->below[x + 1] += 5 * error;
    state->below[x + 2] += error;
}

/* Goes on from a node while pixels stay and there is a node for that: there is no other way. Returns the last node. */
static int stay(SolRemapper *state, int *x, int node, SolFour *ahead)
{
    int begin = *x;
    for (; *x < state->width && state->still[*x] && state->kept[node]; ++*x) {
        spread(state, *x, levels_of(state->shown + *x), ahead);
        node = state->kept[node];
    }
    state->pixels += *x - begin;
    return node;
}

/* Goes the best way from pixel x on, lets the pixels show it, and spreads their errors. Returns the node it ends at. */
static int go(SolRemapper *state, int *x, SolFour *ahead)
{
    uint16_t path[LONGEST];
    int length = state->best_length, node = state->best_node;
    for (int i = length; i-- > 0; node = state->parent[node])
        path[i] = (uint16_t)node;
    for (int i = 0; i < length; i++, ++*x) {
        const SolLzwNode *shown = state->lzw->nodes + path[i];
        spread(state, *x, shown_by(state, shown, *x), ahead);
        if (shown->index != state->transparent)
            memcpy(state->shown[*x].level, shown->colour, 3);
    }
    state->pixels += length;
    state->errors += ((double)length * state->worth - state->best_score) / 16;
    return state->best_node;
}

/*
 * Puts a code. Returns what the dictionary can go on from: the code, or -1 where it was full and is begun anew at once:
 * to use it for longer has cost bytes with every clip that was tried.
 */
static int put(SolRemapper *state, int node)
{
    sol_lzw_put(state->lzw, node);
    state->codes++;
    if (state->lzw->count < SOL_LZW_CODES)
        return node;
    sol_lzw_clear(state->lzw);
    memset(state->kept, 0, (size_t)state->lzw->colours * sizeof *state->kept);
    return -1;
}

int SOL_MEDIA_WALK_ROW(SolRemapper *state, int node)
{
    SolFour ahead = {0};
    int x = 0;
    while (x < state->width) {
        if (node >= 0) {
            bool more;
            node = stay(state, &x, node, &ahead);
            if (x == state->width)
                break;
            begin_search(state, x, node, 0);
            search(state, (Way){.ahead = ahead, .node = node, .x = x});
            more = state->best_length == LONGEST || (state->best_length > 0 && state->left <= 0);
            node = go(state, &x, &ahead);
            if (more || x == state->width)
                continue;
            node = put(state, node);
        }
        search_start(state, node, x, ahead);
        node = go(state, &x, &ahead);
    }
    return node;
}
