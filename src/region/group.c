/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouping of windows: union-find over pairs that are alike, means, and the dropping of groups within groups.
 */
#include "region/group.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define ALIKE 0.2 /* share of the sides that windows of a group may differ by */

typedef struct Group {
    int64_t x, y, width, height; /* sums */
    SolArea mean;
    int count;
} Group;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static bool are_alike(const SolArea *a, const SolArea *b)
{
    double most = ALIKE * (smaller(a->width, b->width) + smaller(a->height, b->height)) * 0.5;
    return abs(a->x - b->x) <= most && abs(a->y - b->y) <= most &&
           abs(a->x + a->width - b->x - b->width) <= most && abs(a->y + a->height - b->y - b->height) <= most;
}

static int root_of(int *parents, int i)
{
    while (parents[i] != i)
        i = parents[i] = parents[parents[i]];
    return i;
}

static void join_alike(const SolArea *windows, int count, int *parents)
{
    for (int i = 0; i < count; i++)
        parents[i] = i;
    for (int i = 1; i < count; i++)
        for (int j = 0; j < i; j++)
            if (are_alike(&windows[i], &windows[j])) {
                int a = root_of(parents, i), b = root_of(parents, j);
                parents[a > b ? a : b] = smaller(a, b);
            }
}

/* Whether `a` lies within `b`, but for a fifth of that. */
static bool lies_in(const SolArea *a, const SolArea *b)
{
    int dx = (int)lrint(b->width * ALIKE), dy = (int)lrint(b->height * ALIKE);
    return a->x >= b->x - dx && a->y >= b->y - dy && a->x + a->width <= b->x + b->width + dx &&
           a->y + a->height <= b->y + b->height + dy;
}

static bool is_part_of_another(const Group *groups, int count, int i, int neighbours)
{
    for (int k = 0; k < count; k++)
        if (k != i && groups[k].count > neighbours && lies_in(&groups[i].mean, &groups[k].mean) &&
            (groups[k].count > (groups[i].count > 3 ? groups[i].count : 3) || groups[i].count < 3))
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    const SolFind *f = a, *g = b;
    if (f->box.y != g->box.y)
        return f->box.y < g->box.y ? -1 : 1;
    if (f->box.x != g->box.x)
        return f->box.x < g->box.x ? -1 : 1;
    if (f->box.width != g->box.width)
        return f->box.width < g->box.width ? -1 : 1;
    return f->windows < g->windows ? -1 : f->windows > g->windows;
}

/* Sums up the windows of each group; a group has the number of its first window. Those of nothing are left out. */
static int gather(const SolArea *windows, int count, int *parents, Group *groups)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        Group *group = &groups[root_of(parents, i)];
        group->x += windows[i].x;
        group->y += windows[i].y;
        group->width += windows[i].width;
        group->height += windows[i].height;
        group->count++;
    }
    for (int i = 0; i < count; i++) {
        Group group = groups[i];
        float share;
        if (group.count == 0)
            continue;
        share = 1 / (float)group.count;
        group.mean = (SolArea){(int)lrintf((float)group.x * share), (int)lrintf((float)group.y * share),
                               (int)lrintf((float)group.width * share), (int)lrintf((float)group.height * share)};
        groups[kept++] = group;
    }
    return kept;
}

int sol_group_windows(const SolArea *windows, int window_count, int neighbours, SolFind finds[SOL_FINDS_MAX],
                      int *count)
{
    int *parents = sol_alloc((size_t)window_count, sizeof *parents);
    Group *groups = sol_calloc((size_t)window_count, sizeof *groups);
    int group_count, found = 0;
    if (!parents || !groups) {
        sol_free(parents);
        sol_free(groups);
        return sol_fail_memory("a detector's windows");
    }
    if (neighbours > 0)
        join_alike(windows, window_count, parents);
    else
        for (int i = 0; i < window_count; i++)
            parents[i] = i;
    group_count = gather(windows, window_count, parents, groups);
    for (int i = 0; i < group_count && found < SOL_FINDS_MAX; i++)
        if (neighbours == 0 ||
            (groups[i].count > neighbours && !is_part_of_another(groups, group_count, i, neighbours)))
            finds[found++] = (SolFind){groups[i].mean, groups[i].count};
    qsort(finds, (size_t)found, sizeof *finds, compare);
    sol_free(parents);
    sol_free(groups);
    *count = found;
    return SOL_OK;
}
