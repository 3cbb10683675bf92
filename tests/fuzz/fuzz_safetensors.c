/* SPDX-License-Identifier: Apache-2.0
 *
 * Model files: the tensors, what their architecture makes of them, and what the network makes of a small picture.
 */
#include "fuzz/fuzz.h"

#include "model/architecture.h"
#include "model/safetensors.h"
#include "nn/plan.h"

enum { SIDE = 32, MOST_BYTES = 64 << 20, MOST_MACS = 20000000 };

/* Paints a grey picture, where that takes neither much memory nor long. */
static void paint(const SolGraph *graph)
{
    static SolPool *pool;
    int last = sol_graph_count(graph) - 1, multiple = sol_graph_multiple(graph);
    int side = (SIDE + multiple - 1) / multiple * multiple;
    size_t numbers = sol_graph_statistics(graph, -1);
    float *statistics;
    SolPlanSize size;
    SolPlan *plan = NULL;
    if (!pool)
        require(sol_pool_open(&pool, 1) == 0);
    if (multiple > SIDE || numbers > MOST_BYTES / sizeof *statistics ||
        sol_plan_measure(&size, graph, side, side, &last, 1, NULL, pool) != 0 || size.bytes > MOST_BYTES ||
        size.macs > MOST_MACS || sol_plan_open(&plan, graph, side, side, &last, 1, NULL, pool) != 0)
        return;
    statistics = calloc(numbers + 1, sizeof *statistics);
    require(statistics != NULL);
    for (int i = 0; i < 3 * side * side; i++)
        sol_plan_input(plan)[i] = 0.5f;
    sol_plan_run(plan, statistics, 0.5f);
    sol_plan_close(&plan);
    free(statistics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SolTensors *tensors = NULL;
    SolGraph *graph = NULL;
    char *method = NULL;
    const char *text;
    if (sol_tensors_read(&tensors, as_file(data, size)) != 0)
        return 0;
    text = sol_tensors_metadata(tensors, "solstice.architecture");
    if (text)
        sol_architecture_read(&graph, &method, text, tensors);
    if (graph)
        paint(graph);
    free(method);
    sol_graph_close(&graph);
    sol_tensors_close(&tensors);
    return 0;
}
