/* SPDX-License-Identifier: Apache-2.0
 *
 * The models that are installed: .safetensors files in a list of folders; and architectures without weights.
 */
#include "model/model.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char model_extension[] = "safetensors", architecture_extension[] = "json";

/* A growing list of strings, kept NULL-terminated. */
typedef struct List {
    char **items;
    size_t count, capacity;
} List;

/* Takes `item` over, also on failure. */
static int append(List *list, char *item)
{
    if (!item || !sol_grow((void **)&list->items, &list->capacity, list->count + 2, sizeof *list->items)) {
        free(item);
        return sol_fail_memory("a list of models");
    }
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
    return SOL_OK;
}

static bool has_name(const List *paths, const char *name)
{
    for (size_t i = 0; i < paths->count; i++)
        if (strcmp(sol_path_name(paths->items[i]), name) == 0)
            return true;
    return false;
}

/* Appends the files in `folder` that have the extension and whose names are not yet listed. A folder that is not
   there has none. */
static int list_folder(List *paths, const char *folder, const char *extension)
{
    DIR *directory = opendir(*folder ? folder : ".");
    const struct dirent *entry;
    int result = SOL_OK;
    if (!directory)
        return errno == ENOENT || errno == ENOTDIR ? SOL_OK : sol_fail_errno(folder, "cannot be opened");
    while (result == SOL_OK && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.' || !sol_path_has_extension(entry->d_name, extension) ||
            has_name(paths, entry->d_name))
            continue;
        result = append(paths, sol_path_join(folder, entry->d_name));
    }
    closedir(directory);
    return result;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(sol_path_name(*(char *const *)a), sol_path_name(*(char *const *)b));
}

/* The files with this extension in all folders, by name. */
static int list_files(char ***out, const char *const folders[], const char *extension)
{
    List paths = {0};
    int result = SOL_OK;
    if (!sol_grow((void **)&paths.items, &paths.capacity, 1, sizeof *paths.items))
        return sol_fail_memory("a list of models");
    paths.items[0] = NULL;
    for (; *folders && result == SOL_OK; folders++)
        result = list_folder(&paths, *folders, extension);
    if (result != SOL_OK) {
        sol_model_list_free(&paths.items);
        return result;
    }
    qsort(paths.items, paths.count, sizeof *paths.items, compare_names);
    *out = paths.items;
    return SOL_OK;
}

int sol_model_list(char ***paths, const char *const folders[])
{
    return list_files(paths, folders, model_extension);
}

void sol_model_list_free(char ***paths)
{
    for (size_t i = 0; *paths && (*paths)[i]; i++)
        free((*paths)[i]);
    free(*paths);
    *paths = NULL;
}

/* "a, b, c"; freed with free(). NULL where memory ran out. */
static char *join(const char *const items[])
{
    char *text = sol_copy("");
    for (size_t i = 0; text && items[i]; i++) {
        char *longer = sol_format("%s%s%s", text, i ? ", " : "", items[i]);
        free(text);
        text = longer;
    }
    return text;
}

/* The error of a model or an architecture that is in none of the folders; `names` are those that are. The nearest
   is enough for a model's. */
static int not_found(const char *kind, const char *name, const char *const names[], const char *const folders[])
{
    bool listed = strcmp(kind, "model") != 0;
    const char *nearest = sol_nearest(name, names);
    char *looked = join(folders), *there = join(names);
    int result;
    if (!looked || !there)
        result = sol_fail_memory("a message");
    else if (nearest && listed)
        result = sol_fail(SOL_ERR_IO, "no %s \"%s\"; did you mean \"%s\"? There is %s (looked in %s)", kind, name,
                          nearest, there, looked);
    else if (nearest)
        result = sol_fail(SOL_ERR_IO, "no %s \"%s\"; did you mean \"%s\"? (looked in %s)", kind, name, nearest, looked);
    else if (*names)
        result = sol_fail(SOL_ERR_IO, "no %s \"%s\"; there is %s (looked in %s)", kind, name, there, looked);
    else
        result = sol_fail(SOL_ERR_IO, "no %s \"%s\", nor any other (looked in %s)", kind, name, looked);
    free(looked);
    free(there);
    return result;
}

/* Turns paths into the names that users call the models by, in place. */
static void strip_to_names(char **paths)
{
    for (; *paths; paths++) {
        const char *name = sol_path_name(*paths);
        size_t length = strlen(name) - strlen(sol_path_extension(name)) - 1;
        memmove(*paths, name, length);
        (*paths)[length] = '\0';
    }
}

/* Finds NAME.extension, of which the user speaks as a `kind`. */
static int find_by_name(char **path, const char *kind, const char *name, const char *const folders[],
                        const char *extension)
{
    char **paths = NULL;
    int result = list_files(&paths, folders, extension);
    if (result != SOL_OK)
        return result;
    for (size_t i = 0; paths[i]; i++) {
        const char *file = sol_path_name(paths[i]);
        if (strlen(file) == strlen(name) + 1 + strlen(extension) && strncmp(file, name, strlen(name)) == 0) {
            *path = paths[i];
            for (; paths[i]; i++)
                paths[i] = paths[i + 1];
            sol_model_list_free(&paths);
            return SOL_OK;
        }
    }
    strip_to_names(paths);
    result = not_found(kind, name, (const char *const *)paths, folders);
    sol_model_list_free(&paths);
    return result;
}

int sol_model_find(char **out, const char *name, const char *folder, const char *const folders[])
{
    char *path;
    if (!strchr(name, '/') && !sol_path_has_extension(name, model_extension))
        return find_by_name(out, "model", name, folders, model_extension);
    path = sol_path_join(folder, name);
    if (!path)
        return sol_fail_memory("a path");
    if (!sol_path_exists(path) || sol_path_is_folder(path)) {
        int result = sol_fail(SOL_ERR_IO, "%s: no such model file", path);
        free(path);
        return result;
    }
    *out = path;
    return SOL_OK;
}

int sol_model_find_for(char **out, const char *method, const char *const folders[])
{
    char **paths = NULL, *found = NULL;
    int result;
    if (!method || strcmp(method, "adain") == 0)
        return sol_model_find(out, "compact", NULL, folders);
    result = sol_model_list(&paths, folders);
    for (size_t i = 0; result == SOL_OK && paths[i] && !found; i++) {
        SolModel *model = NULL;
        SolModelInfo info;
        if (sol_model_open(&model, paths[i]) != SOL_OK)
            continue; /* a broken file is no reason not to take another */
        sol_model_info(model, &info);
        if (strcmp(info.method, method) == 0 && !(found = sol_copy(paths[i])))
            result = sol_fail_memory("a path");
        sol_model_close(&model);
    }
    sol_model_list_free(&paths);
    if (result == SOL_OK && !found && strcmp(method, "gatys") == 0)
        return sol_model_find(out, "compact", NULL, folders);
    if (result == SOL_OK && !found)
        result = sol_fail(SOL_ERR_IO, "no installed model is for the method \"%s\"; name one (\"solstice models\" lists "
                                      "them)", method);
    if (result == SOL_OK)
        *out = found;
    return result;
}

static bool is_file(const char *path)
{
    return path && sol_path_exists(path) && !sol_path_is_folder(path);
}

bool sol_model_find_architecture(char **out, const char *name, const char *const folders[])
{
    static const char *const here[] = {"", NULL};
    bool is_path = sol_path_has_extension(name, architecture_extension);
    char *path = NULL, *file;
    if (!is_path && (strchr(name, '/') || sol_model_find(&path, name, NULL, folders) == SOL_OK)) {
        free(path);
        return false;
    }
    file = sol_format(is_path ? "%s" : "%s.json", name);
    for (folders = is_path ? here : folders; file && !is_file(path) && *folders; folders++) {
        free(path);
        path = sol_path_join(*folders, file);
    }
    free(file);
    if (!is_file(path)) {
        free(path);
        return false;
    }
    *out = path;
    return true;
}

int sol_architecture_find(char **out, const char *name, const char *const folders[])
{
    char *path;
    if (!sol_path_has_extension(name, architecture_extension))
        return find_by_name(out, "architecture", name, folders, architecture_extension);
    if (!is_file(name))
        return sol_fail(SOL_ERR_IO, "%s: no such architecture file", name);
    path = sol_copy(name);
    if (!path)
        return sol_fail_memory("a path");
    *out = path;
    return SOL_OK;
}
