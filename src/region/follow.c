/* SPDX-License-Identifier: Apache-2.0
 *
 * Boxes that follow: greedy matching by overlap, and a smoothing that is the quicker the further there is to go, so
 * that the jitter of finds is small and what moves is not left behind.
 */
#include "region/follow.h"

#include <math.h>
#include <string.h>

enum { STAY = 8 }; /* frames */

#define SAME 0.2 /* least overlap with the find before */

static double shared(double a, double a_size, double b, double b_size)
{
    double from = fmax(a - a_size / 2, b - b_size / 2), to = fmin(a + a_size / 2, b + b_size / 2);
    return fmax(to - from, 0);
}

/* The part of both boxes' union that is in both. */
static double overlap(const SolBox *a, const SolBox *b)
{
    double both = shared(a->x, a->width, b->x, b->width) * shared(a->y, a->height, b->y, b->height);
    return both > 0 ? both / (a->width * a->height + b->width * b->height - both) : 0;
}

static void take(SolFollowed *box, const SolBox *find)
{
    box->found = *find;
    box->lost = 0;
    if (box->seen < 2)
        box->seen++;
}

static void begin(SolFollower *follower, const SolBox *find)
{
    bool first = !follower->begun;
    if (follower->count < SOL_FOLLOWED_MAX)
        follower->boxes[follower->count++] =
            (SolFollowed){.shown = *find, .found = *find, .level = first * SOL_FOLLOWED_FULL, .seen = first ? 2 : 1};
}

/* Gives the pair that shares most to each other, as long as there is one. */
static void match(SolFollower *follower, const SolBox *finds, int count, bool *used)
{
    bool taken[SOL_FOLLOWED_MAX] = {false};
    for (;;) {
        double most = SAME;
        int box = -1, find = -1;
        for (int i = 0; i < follower->count; i++)
            for (int k = 0; k < count && !taken[i]; k++) {
                double part = used[k] ? 0 : overlap(&follower->boxes[i].found, &finds[k]);
                if (part > most) {
                    most = part;
                    box = i;
                    find = k;
                }
            }
        if (box < 0)
            break;
        taken[box] = used[find] = true;
        take(&follower->boxes[box], &finds[find]);
    }
    for (int i = 0; i < follower->count; i++)
        if (!taken[i] && follower->boxes[i].lost == 0)
            follower->boxes[i].lost = follower->boxes[i].seen < 2 ? STAY + 1 : 1; /* found once, by chance: goes */
}

void sol_follower_find(SolFollower *follower, const SolBox *finds, int count)
{
    bool used[SOL_FOLLOWED_MAX] = {false};
    if (count > SOL_FOLLOWED_MAX)
        count = SOL_FOLLOWED_MAX;
    match(follower, finds, count, used);
    for (int k = 0; k < count; k++)
        if (!used[k])
            begin(follower, &finds[k]);
    follower->begun = true;
}

static void approach(SolFollowed *box)
{
    const SolBox *to = &box->found;
    SolBox *at = &box->shown;
    double far = fmax(fabs(to->x - at->x) / to->width, fabs(to->y - at->y) / to->height);
    double share;
    far = fmax(far, fabs(to->width - at->width) / to->width);
    share = fmin(0.25 + 2 * far, 1);
    at->x += share * (to->x - at->x);
    at->y += share * (to->y - at->y);
    at->width += share * (to->width - at->width);
    at->height += share * (to->height - at->height);
}

void sol_follower_step(SolFollower *follower)
{
    int kept = 0;
    for (int i = 0; i < follower->count; i++) {
        SolFollowed *box = &follower->boxes[i];
        bool shows = box->seen >= 2 && box->lost <= STAY;
        approach(box);
        if (shows && box->level < SOL_FOLLOWED_FULL)
            box->level++;
        else if (!shows && box->level > 0)
            box->level--;
        box->lost += box->lost > 0;
        if (box->level > 0 || box->lost <= STAY)
            follower->boxes[kept++] = *box;
    }
    follower->count = kept;
}

void sol_follower_save(const SolFollower *follower, SolBlob *blob)
{
    sol_blob_put_int(blob, follower->begun);
    sol_blob_put_int(blob, follower->count);
    for (int i = 0; i < follower->count; i++) {
        const SolFollowed *box = &follower->boxes[i];
        const SolBox *both[2] = {&box->shown, &box->found};
        for (int k = 0; k < 2; k++) {
            sol_blob_put_double(blob, both[k]->x);
            sol_blob_put_double(blob, both[k]->y);
            sol_blob_put_double(blob, both[k]->width);
            sol_blob_put_double(blob, both[k]->height);
        }
        sol_blob_put_int(blob, box->level);
        sol_blob_put_int(blob, box->seen);
        sol_blob_put_int(blob, box->lost);
    }
}

static bool restore_box(SolFollowed *box, SolBlob *blob)
{
    SolBox *both[2] = {&box->shown, &box->found};
    int64_t level, seen, lost;
    for (int k = 0; k < 2; k++) {
        both[k]->x = sol_blob_get_double(blob);
        both[k]->y = sol_blob_get_double(blob);
        both[k]->width = sol_blob_get_double(blob);
        both[k]->height = sol_blob_get_double(blob);
        if (!isfinite(both[k]->x) || !isfinite(both[k]->y) || !(both[k]->width > 0 && both[k]->width < 1e6) ||
            !(both[k]->height > 0 && both[k]->height < 1e6))
            return false;
    }
    level = sol_blob_get_int(blob);
    seen = sol_blob_get_int(blob);
    lost = sol_blob_get_int(blob);
    box->level = (int)level;
    box->seen = (int)seen;
    box->lost = (int)lost;
    return level >= 0 && level <= SOL_FOLLOWED_FULL && seen >= 1 && seen <= 2 && lost >= 0 && lost <= 1000;
}

bool sol_follower_restore(SolFollower *follower, SolBlob *blob)
{
    int64_t begun = sol_blob_get_int(blob), count = sol_blob_get_int(blob);
    bool sound = (begun == 0 || begun == 1) && count >= 0 && count <= SOL_FOLLOWED_MAX;
    memset(follower, 0, sizeof *follower);
    for (int i = 0; i < count && sound; i++)
        sound = restore_box(&follower->boxes[i], blob);
    if (!sound || !sol_blob_is_sound(blob)) {
        memset(follower, 0, sizeof *follower);
        return false;
    }
    follower->begun = begun;
    follower->count = (int)count;
    return true;
}
