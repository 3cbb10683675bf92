/* SPDX-License-Identifier: Apache-2.0
 *
 * An open model: its tensors, and the graph that its architecture makes of them.
 */
#include "model/model.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/architecture.h"
#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

struct SolModel {
    char *path, *name, *method;
    SolTensors *tensors;
    SolGraph *graph; /* borrows the tensors */
};

static char *name_of(const char *path)
{
    const char *name = sol_path_name(path), *extension = sol_path_extension(path);
    return strndup(name, strlen(name) - (*extension ? strlen(extension) + 1 : 0));
}

static int fill(SolModel *model, const char *path)
{
    const char *architecture;
    int result;
    model->path = sol_copy(path);
    model->name = name_of(path);
    if (!model->path || !model->name)
        return sol_fail_memory("a model");
    result = sol_tensors_read(&model->tensors, path);
    if (result != SOL_OK)
        return result;
    architecture = sol_tensors_metadata(model->tensors, "solstice.architecture");
    if (!architecture)
        return sol_fail(SOL_ERR_FORMAT,
                        "%s: holds tensors but no \"solstice.architecture\" in its metadata, which says what to do "
                        "with them", path);
    result = sol_architecture_read(&model->graph, &model->method, architecture, model->tensors);
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "%s", path);
}

int sol_model_open(SolModel **out, const char *path)
{
    SolModel *model = sol_calloc(1, sizeof *model);
    int result;
    if (!model)
        return sol_fail_memory("a model");
    result = fill(model, path);
    if (result != SOL_OK) {
        sol_model_close(&model);
        return result;
    }
    *out = model;
    return SOL_OK;
}

void sol_model_info(const SolModel *model, SolModelInfo *info)
{
    const char *licence = sol_tensors_metadata(model->tensors, "licence");
    const SolTensor *tensor;
    *info = (SolModelInfo){.name = model->name,
                           .path = model->path,
                           .method = model->method,
                           .licence = licence ? licence : "",
                           .bytes = sol_tensors_file_bytes(model->tensors)};
    for (size_t i = 0; (tensor = sol_tensors_at(model->tensors, i)); i++)
        info->parameters += (int64_t)tensor->count;
}

const SolGraph *sol_model_graph(const SolModel *model)
{
    return model->graph;
}

void sol_model_close(SolModel **out)
{
    SolModel *model = *out;
    if (!model)
        return;
    sol_graph_close(&model->graph);
    sol_tensors_close(&model->tensors);
    free(model->path);
    free(model->name);
    free(model->method);
    sol_free(model);
    *out = NULL;
}
