/* SPDX-License-Identifier: Apache-2.0
 *
 * Model files: the tensors, and what their architecture makes of them.
 */
#include "fuzz/fuzz.h"

#include "model/architecture.h"
#include "model/safetensors.h"

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
    free(method);
    sol_graph_close(&graph);
    sol_tensors_close(&tensors);
    return 0;
}
