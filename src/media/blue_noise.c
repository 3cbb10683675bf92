/* SPDX-License-Identifier: Apache-2.0
 *
 * Void and cluster. Every point that is set spreads a bell around itself; the tightest cluster is the set point with the
 * most of that, the largest void the free point with the least. Taking points off the tightest clusters ranks those of an
 * even first pattern downwards; filling the largest voids ranks all others upwards (Ulichney's third phase, which looks
 * for clusters of the free points, finds the same: what the free ones spread is what the set ones do not).
 */
#include "media/blue_noise.h"

#include "base/random.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>

enum {
    SIDE = SOL_BLUE_NOISE_SIDE,
    POINTS = SIDE * SIDE,
    FIRST = POINTS / 10, /* points of the first pattern */
    REACH = 8            /* of a bell, pixels */
};

static const double sigma = 1.5; /* of a bell, as Ulichney has it */

typedef struct Pattern {
    bool set[POINTS];
    double spread[POINTS];
    double bell[2 * REACH + 1][2 * REACH + 1];
} Pattern;

static uint16_t noise[POINTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void change(Pattern *pattern, int point, bool set)
{
    pattern->set[point] = set;
    for (int dy = -REACH; dy <= REACH; dy++)
        for (int dx = -REACH; dx <= REACH; dx++) {
            int y = (point / SIDE + dy + SIDE) % SIDE, x = (point % SIDE + dx + SIDE) % SIDE;
            pattern->spread[y * SIDE + x] += (set ? 1 : -1) * pattern->bell[dy + REACH][dx + REACH];
        }
}

/* The tightest cluster (`set`), or the largest void. */
static int find(const Pattern *pattern, bool set)
{
    int best = -1;
    for (int i = 0; i < POINTS; i++)
        if (pattern->set[i] == set && (best < 0 || (set ? pattern->spread[i] > pattern->spread[best]
                                                       : pattern->spread[i] < pattern->spread[best])))
            best = i;
    return best;
}

/* Points by chance, moved from clusters to voids until that moves none. */
static void begin(Pattern *pattern)
{
    uint64_t random = 1993;
    int cluster, empty, moves = 0;
    for (int y = -REACH; y <= REACH; y++)
        for (int x = -REACH; x <= REACH; x++)
            pattern->bell[y + REACH][x + REACH] = exp(-(x * x + y * y) / (2 * sigma * sigma));
    for (int count = 0; count < FIRST;) {
        int point = (int)(sol_random(&random) % POINTS);
        if (!pattern->set[point]) {
            change(pattern, point, true);
            count++;
        }
    }
    do {
        cluster = find(pattern, true);
        change(pattern, cluster, false);
        empty = find(pattern, false);
        change(pattern, empty, true);
    } while (empty != cluster && ++moves < POINTS);
}

static void make_noise(void)
{
    static Pattern pattern, first;
    begin(&pattern);
    first = pattern;
    for (int rank = FIRST - 1; rank >= 0; rank--) {
        int point = find(&pattern, true);
        change(&pattern, point, false);
        noise[point] = (uint16_t)rank;
    }
    for (int rank = FIRST; rank < POINTS; rank++) {
        int point = find(&first, false);
        change(&first, point, true);
        noise[point] = (uint16_t)rank;
    }
}

const uint16_t *sol_blue_noise(void)
{
    pthread_once(&once, make_noise);
    return noise;
}
