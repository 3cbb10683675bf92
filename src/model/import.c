/* SPDX-License-Identifier: Apache-2.0
 *
 * From files of weights to a model file.
 */
#include "model/import.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/architecture.h"
#include "model/model.h"
#include "model/recognise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest file of an architecture, in bytes. */
enum { MAX_TEXT = 4 << 20 };

static const char architecture_key[] = "solstice.architecture";

struct SolImport {
    char *name, *architecture, *method;
    const char *what;
    SolTensors *tensors;
};

/* All of a text file, freed with free(). */
static int read_text(char **out, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(MAX_TEXT + 1) : NULL;
    size_t size = text ? fread(text, 1, MAX_TEXT + 1, file) : 0;
    bool whole = text && size <= MAX_TEXT && !ferror(file);
    if (file)
        fclose(file);
    if (!file || (text && !whole)) {
        free(text);
        return file ? sol_fail(SOL_ERR_FORMAT, "%s: is no architecture", path)
                    : sol_fail_errno(path, "cannot be opened");
    }
    if (!text)
        return sol_fail_memory("an architecture");
    text[size] = '\0';
    *out = text;
    return SOL_OK;
}

/* "candy" of "some/candy.pth.tar"; NULL where memory ran out. */
static char *name_after(const char *path)
{
    static const char extensions[] = "safetensors pth pt tar pkl bin json";
    char *name = sol_copy(sol_path_name(path));
    while (name && sol_path_has_extension(name, extensions))
        name[strlen(name) - strlen(sol_path_extension(name)) - 1] = '\0';
    return name;
}

/* "a.pth, b.pth", freed with free(); NULL where memory ran out. */
static char *name_sources(SolCheckpoint *const files[], size_t count)
{
    char *names = sol_copy("");
    for (size_t i = 0; i < count && names; i++) {
        char *longer = sol_format("%s%s%s", names, i ? ", " : "", sol_path_name(sol_checkpoint_path(files[i])));
        free(names);
        names = longer;
    }
    return names;
}

/* The dimensions (0, 1, 2, 3) become (3, 2, 0, 1). */
static int copy_permuted(SolTensors *tensors, const SolTaken *taken)
{
    const size_t *from = taken->tensor->shape, shape[4] = {from[3], from[2], from[0], from[1]};
    size_t kernel = from[0] * from[1]; /* pixels: no product passes the count, which was checked */
    float *read = sol_alloc(taken->tensor->count, sizeof *read), *data = NULL;
    int result = read ? sol_checkpoint_read(taken->file, taken->tensor, read) : sol_fail_memory("a model's tensors");
    if (result == SOL_OK)
        result = sol_tensors_add(tensors, taken->name, shape, 4, &data);
    for (size_t i = 0; result == SOL_OK && i < taken->tensor->count; i++)
        data[(i % from[3] * from[2] + i / from[3] % from[2]) * kernel + i / from[3] / from[2]] = read[i];
    sol_free(read);
    return result;
}

static int copy_tensor(SolTensors *tensors, const SolTaken *taken)
{
    float *data = NULL;
    int result;
    if (taken->is_hwio && taken->tensor->rank == 4)
        return copy_permuted(tensors, taken);
    result = sol_tensors_add(tensors, taken->name, taken->tensor->shape, taken->tensor->rank, &data);
    return result == SOL_OK ? sol_checkpoint_read(taken->file, taken->tensor, data) : result;
}

/* The licence of the first file that has one, and what the model was made of. */
static int copy_metadata(SolTensors *tensors, SolCheckpoint *const files[], size_t count)
{
    char *names = name_sources(files, count);
    const char *licence = NULL;
    int result;
    for (size_t i = 0; i < count && !licence; i++)
        licence = sol_checkpoint_metadata(files[i], "licence");
    result = names ? sol_tensors_set_metadata(tensors, "source", names) : sol_fail_memory("a model's metadata");
    if (result == SOL_OK && licence)
        result = sol_tensors_set_metadata(tensors, "licence", licence);
    free(names);
    return result;
}

/* The text of the architecture: the file's own, or that of the folders. */
static int find_text(char **text, const SolRecognised *recognised, const char *own, const char *const folders[])
{
    char *path = NULL;
    int result;
    if (own)
        return (*text = sol_copy(own)) ? SOL_OK : sol_fail_memory("an architecture");
    result = sol_architecture_find(&path, recognised->architecture, folders);
    if (result == SOL_OK)
        result = read_text(text, path);
    else if (*recognised->what && result != SOL_ERR_NOMEM)
        sol_fail_within(result, "%s", recognised->what);
    free(path);
    return result;
}

/* Has the architecture take the tensors, as a model's would: what is missing or has another shape is found. */
static int check(SolImport *import, const char *text)
{
    SolGraph *graph = NULL;
    int result = sol_architecture_read(&graph, &import->method, text, import->tensors);
    sol_graph_close(&graph);
    return result;
}

static int fill(SolImport *import, SolCheckpoint *const files[], size_t count, const SolRecognised *recognised,
                const char *text)
{
    int result = sol_tensors_create(&import->tensors);
    for (size_t i = 0; i < recognised->count && result == SOL_OK; i++)
        result = copy_tensor(import->tensors, &recognised->tensors[i]);
    if (result == SOL_OK && (result = check(import, text)) != SOL_OK)
        sol_fail_within(result, "%s%s", sol_checkpoint_path(files[0]), count > 1 ? " and the others" : "");
    if (result == SOL_OK)
        result = sol_tensors_set_metadata(import->tensors, architecture_key, text);
    return result == SOL_OK ? copy_metadata(import->tensors, files, count) : result;
}

static int make(SolImport *import, SolCheckpoint *const files[], size_t count, const char *architecture,
                const char *const folders[])
{
    const char *own = count == 1 && !architecture ? sol_checkpoint_metadata(files[0], architecture_key) : NULL;
    SolRecognised recognised;
    char *text = NULL;
    int result = sol_recognise(&recognised, files, count, own ? "" : architecture);
    if (result == SOL_OK)
        result = find_text(&text, &recognised, own, folders);
    if (result == SOL_OK)
        result = fill(import, files, count, &recognised, text);
    if (result == SOL_OK) {
        import->what = recognised.what;
        import->architecture = sol_copy(recognised.architecture);
        import->name = name_after(recognised.one_of_many ? sol_checkpoint_path(files[0]) : recognised.architecture);
        if (!import->architecture || !import->name)
            result = sol_fail_memory("a model");
    }
    free(text);
    sol_recognised_clear(&recognised);
    return result;
}

int sol_import_open(SolImport **out, const char *const paths[], size_t count, const char *architecture,
                    const char *const folders[])
{
    SolImport *import = sol_calloc(1, sizeof *import);
    SolCheckpoint **files = sol_calloc(count, sizeof *files);
    int result = import && files ? SOL_OK : sol_fail_memory("a model");
    for (size_t i = 0; i < count && result == SOL_OK; i++)
        result = sol_checkpoint_open(&files[i], paths[i]);
    if (result == SOL_OK)
        result = make(import, files, count, architecture, folders);
    for (size_t i = 0; i < count && files; i++)
        sol_checkpoint_close(&files[i]);
    sol_free(files);
    if (result != SOL_OK) {
        sol_import_close(&import);
        return result;
    }
    *out = import;
    return SOL_OK;
}

void sol_import_info(const SolImport *import, SolImportInfo *info)
{
    const SolTensor *tensor;
    *info = (SolImportInfo){.name = import->name,
                            .architecture = import->architecture,
                            .what = import->what,
                            .method = import->method};
    for (; (tensor = sol_tensors_at(import->tensors, info->tensors)); info->tensors++)
        info->parameters += (int64_t)tensor->count;
}

int sol_import_set_licence(SolImport *import, const char *licence)
{
    return sol_tensors_set_metadata(import->tensors, "licence", licence);
}

int sol_import_write(const SolImport *import, const char *path, bool overwrite)
{
    SolPending *pending = NULL;
    int result = sol_pending_open(&pending, path, overwrite);
    if (result != SOL_OK)
        return result;
    result = sol_tensors_write(import->tensors, sol_pending_path(pending));
    if (result == SOL_OK)
        result = sol_pending_commit(pending);
    sol_pending_close(&pending);
    return result;
}

void sol_import_close(SolImport **out)
{
    SolImport *import = *out;
    if (!import)
        return;
    sol_tensors_close(&import->tensors);
    free(import->name);
    free(import->architecture);
    free(import->method);
    sol_free(import);
    *out = NULL;
}
