/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures optical flow: photographs are moved in known ways, and the mean end-point error and the processor time of
 * either quality are printed as a Markdown table.
 *
 *     build/tests/bench/flow [THREADS [WIDTH HEIGHT]]
 *
 * A time is the least of a few runs, summed over all threads, of one flow; that of a picture's pyramid comes on top, once a
 * frame.
 */
#include "support/motion.h"
#include "support/published.h"
#include "support/support.h"

#include "temporal/kernels.h"

#include <stdlib.h>
#include <time.h>

enum { QUALITIES = 2, RUNS = 5, MARGIN = 8, MOTIONS = 10, PHOTOGRAPHS = 8 };

static const Motion motions[MOTIONS] = {
    {0.3, -0.6, 0, 1}, {3.4, -2.2, 0, 1}, {-9, 5.5, 0, 1},    {20, 0, 0, 1},    {-14, 14, 0, 1},
    {0, 0, 1, 1},      {0, 0, -3, 1},     {0, 0, 0, 1.03}, {0, 0, 0, 0.95}, {5, -3, 1.5, 1.02},
};

static const char *const photographs[PHOTOGRAPHS] = {
    "content/campus.jpg", "content/chicago.jpg", "content/cornell.jpg", "content/golden_gate.jpg",
    "content/newyork.jpg", "content/sailboat.jpg", "seasons/autumn.jpg", "seasons/winter.jpg",
};

/* Seconds of all threads. */
static double spent(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

typedef struct Figures {
    double error, flow, push; /* pixels; seconds */
} Figures;

static Figures measure(const SolImage *first, const SolImage *second, const Motion *motion, int quality, SolPool *pool)
{
    SolFlowFinder *finder = NULL;
    SolFlow *flow = NULL;
    Figures figures = {0, 1e9, 1e9};
    assert_int_equal(sol_flow_create(&flow, first->width, first->height), 0);
    assert_int_equal(sol_flow_finder_open(&finder, first->width, first->height, (SolFlowQuality)quality, pool), 0);
    sol_flow_finder_push(finder, first);
    for (int i = 0; i < RUNS; i++) {
        double begin = spent(), pushed, end;
        sol_flow_finder_push(finder, i % 2 ? first : second);
        pushed = spent();
        if (i % 2)
            sol_flow_backward(finder, flow);
        else
            sol_flow_forward(finder, flow);
        end = spent();
        figures.push = pushed - begin < figures.push ? pushed - begin : figures.push;
        figures.flow = end - pushed < figures.flow ? end - pushed : figures.flow;
    }
    figures.error = endpoint_error(flow, motion, MARGIN);
    sol_flow_finder_close(&finder);
    sol_flow_close(&flow);
    return figures;
}

static void measure_motion(const Motion *motion, int width, int height, SolPool *pool)
{
    printf("| %g, %g | %g | %g |", motion->x, motion->y, motion->degrees, motion->zoom);
    for (int quality = 0; quality < QUALITIES; quality++) {
        Figures sum = {0, 1e9, 1e9};
        double worst = 0;
        int count = 0;
        for (int i = 0; i < PHOTOGRAPHS; i++) {
            char path[256];
            SolImage *from, *first = NULL, *second = NULL;
            Figures f;
            snprintf(path, sizeof path, SHARED_DATA "/images/%s", photographs[i]);
            if (!(from = load_covering(path, width * 5 / 4, height * 5 / 4)))
                continue;
            make_motion(from, motion, width, height, 2, &first, &second);
            f = measure(first, second, motion, quality, pool);
            sum.error += f.error;
            worst = f.error > worst ? f.error : worst;
            sum.flow = f.flow < sum.flow ? f.flow : sum.flow;
            sum.push = f.push < sum.push ? f.push : sum.push;
            count++;
            sol_image_unref(&from);
            sol_image_unref(&first);
            sol_image_unref(&second);
        }
        printf(" %.3f | %.3f | %.1f | %.1f |", sum.error / count, worst, 1e3 * sum.flow, 1e3 * sum.push);
        fflush(stdout);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1, width = argc > 3 ? atoi(argv[2]) : 640;
    int height = argc > 3 ? atoi(argv[3]) : 360;
    SolPool *pool = NULL;
    if (!has_published()) {
        printf("skipped: there are no photographs in " SHARED_DATA "\n");
        return 0;
    }
    if (sol_pool_open(&pool, threads) != 0)
        return 1;
    printf("%dx%d, %d photographs, %d threads, kernels: %s\n\n", width, height, PHOTOGRAPHS, threads,
           sol_temporal_kernels()->name);
    printf("| x, y | degrees | zoom | FAST: error, px | worst | ms | picture, ms | FINE: error, px | worst | ms | picture, ms |\n");
    printf("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n");
    for (int i = 0; i < MOTIONS; i++)
        measure_motion(&motions[i], width, height, pool);
    sol_pool_close(&pool);
    return 0;
}
