/* SPDX-License-Identifier: Apache-2.0
 *
 * Models: a .safetensors file with its architecture as JSON in the metadata ("solstice.architecture").
 */
#ifndef SOLSTICE_MODEL_H
#define SOLSTICE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <solstice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SolModel SolModel;

typedef struct SolModelInfo {
    const char *name;      /* the file's name without folder and extension */
    const char *path;
    const char *method;    /* the engine that paints with it: "adain", "wct", "transform" or "gatys" */
    const char *licence;   /* as its metadata says, "" where it does not */
    int64_t parameters;    /* numbers in all its tensors */
    int64_t bytes;         /* size of the file */
} SolModelInfo;

/**
 * Opens and checks a model file: offsets, shapes, types and sizes of every tensor, every operator of
 * its architecture.
 *
 * @param[out] model  untouched on failure; released by sol_model_close()
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
SOL_API int sol_model_open(SolModel **model, const char *path);

/** The strings belong to the model. */
SOL_API void sol_model_info(const SolModel *model, SolModelInfo *info);

SOL_API void sol_model_close(SolModel **model);

/* Models that are opened once and used by several renders, one after another or at once. */
typedef struct SolModelCache SolModelCache;

/** @param[out] cache  untouched on failure; released by sol_model_cache_close() */
SOL_API int sol_model_cache_open(SolModelCache **cache);

/**
 * The model at `path`, opened at the first call. May be called from any thread.
 *
 * @param[out] model  belongs to the cache; untouched on failure
 * @return 0, or what sol_model_open() returns
 */
SOL_API int sol_model_cache_get(SolModelCache *cache, const char *path, const SolModel **model);

/** Closes all models; nothing may use them any more. Sets *cache to NULL; NULL is accepted. */
SOL_API void sol_model_cache_close(SolModelCache **cache);

/**
 * Finds a model by what a user calls it: a path where it holds a slash or ends in .safetensors
 * (relative to `folder`, which may be NULL), else NAME.safetensors in the first of `folders`
 * (NULL-terminated) that has it.
 *
 * @param[out] path  freed with free(); untouched on failure
 * @return 0, SOL_ERR_IO (not found: the text names what there is, and the nearest), SOL_ERR_NOMEM
 */
SOL_API int sol_model_find(char **path, const char *name, const char *folder, const char *const folders[]);

/**
 * Finds a model for a method: compact for adain, or where `method` is NULL; else the first, by its name, of the models
 * in `folders` that say they are painted with by it; compact for gatys, which takes any network, where there is none.
 *
 * @param[out] path  freed with free(); untouched on failure
 * @return 0, SOL_ERR_IO (there is none), SOL_ERR_NOMEM
 */
SOL_API int sol_model_find_for(char **path, const char *method, const char *const folders[]);

/**
 * The paths of all .safetensors files in `folders` (NULL-terminated), sorted by name, a name in an
 * earlier folder hiding it in a later one.
 *
 * @param[out] paths  NULL-terminated, freed by sol_model_list_free()
 */
SOL_API int sol_model_list(char ***paths, const char *const folders[]);
SOL_API void sol_model_list_free(char ***paths);

#ifdef __cplusplus
}
#endif

#endif
