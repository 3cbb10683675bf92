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

static int read_model(SolModel *model, const char *path)
{
    const char *architecture;
    int result = sol_tensors_read(&model->tensors, path);
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

static int make_model(SolModel *model, const char *path, uint64_t seed)
{
    int result = sol_tensors_create(&model->tensors);
    if (result == SOL_OK)
        result = sol_architecture_read_random(&model->graph, &model->method, path, model->tensors, seed);
    return result == SOL_OK || result == SOL_ERR_IO ? result : sol_fail_within(result, "%s", path);
}

/* Reads a model file, or where there is a seed, makes a model of an architecture. */
static int open_model(SolModel **out, const char *path, const uint64_t *seed)
{
    SolModel *model = sol_calloc(1, sizeof *model);
    int result;
    if (!model)
        return sol_fail_memory("a model");
    model->path = sol_copy(path);
    model->name = name_of(path);
    if (!model->path || !model->name)
        result = sol_fail_memory("a model");
    else
        result = seed ? make_model(model, path, *seed) : read_model(model, path);
    if (result != SOL_OK) {
        sol_model_close(&model);
        return result;
    }
    *out = model;
    return SOL_OK;
}

int sol_model_open(SolModel **model, const char *path)
{
    return open_model(model, path, NULL);
}

int sol_model_open_random(SolModel **model, const char *path, uint64_t seed)
{
    return open_model(model, path, &seed);
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
