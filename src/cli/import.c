/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice import: a model of weights that people have.
 */
#include "cli/cli.h"

#include "base/file.h"
#include "base/text.h"
#include "model/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 64 };

typedef struct Wishes {
    const char *output, *architecture, *name, *licence;
    bool overwrite;
} Wishes;

/* The path of the model `name` in the user's folder, freed with free(); NULL after saying why. */
static char *path_for(const char *name)
{
    char *folder = user_model_folder(), *file = sol_format("%s.safetensors", name);
    char *path = folder && file ? sol_path_join(folder, file) : NULL;
    if (!folder)
        complain("import: no home folder to put the model into; add -o OUT.safetensors");
    else if (!path)
        complain("import: not enough memory for a path");
    free(folder);
    free(file);
    return path;
}

static int write_model(SolImport *import, const Wishes *wishes)
{
    SolImportInfo info;
    char *path;
    int result;
    sol_import_info(import, &info);
    path = wishes->output ? sol_copy(wishes->output) : path_for(wishes->name ? wishes->name : info.name);
    if (!path)
        return EXIT_FAILED;
    result = wishes->licence ? sol_import_set_licence(import, wishes->licence) : SOL_OK;
    if (result == SOL_OK)
        result = sol_import_write(import, path, wishes->overwrite);
    if (result == SOL_OK)
        printf("%s: %s%s%s, %zu tensors, %lld parameters\n", path, info.method, *info.what ? ", " : "", info.what,
               info.tensors, (long long)info.parameters);
    free(path);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int import_files(const TextList *files, const Wishes *wishes)
{
    SolImport *import = NULL;
    int result = sol_import_open(&import, files->items, files->count, wishes->architecture, model_folders());
    int status = result == SOL_OK ? write_model(import, wishes) : report_failure(result);
    sol_import_close(&import);
    return status;
}

static int check_wishes(const Wishes *wishes)
{
    if (wishes->output && wishes->name)
        complain("import: -o says where the model is to be; leave out --name");
    else if (wishes->output && !sol_path_has_extension(wishes->output, "safetensors"))
        complain("import: -o %s: must end in .safetensors", wishes->output);
    else if (wishes->name && (!*wishes->name || *wishes->name == '.' || strchr(wishes->name, '/')))
        complain("import: --name %s: must be a name without a slash, and not begin with a dot", wishes->name);
    else
        return -1;
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {0};
    TextList files = {0};
    const Option options[] = {
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"architecture", 0, OPTION_FILE, &wishes.architecture, 0, 0},
        {"name", 0, OPTION_TEXT, &wishes.name, 0, 0},
        {"licence", 0, OPTION_TEXT, &wishes.licence, 0, 0},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_import, argc, argv, options, &files, 1, MAX_FILES);
    if (status < 0)
        status = check_wishes(&wishes);
    if (status < 0)
        status = import_files(&files, &wishes);
    free(files.items);
    return status;
}

const Command sol_command_import = {
    .name = "import",
    .arguments = "FILE... [OPTION ...]",
    .summary = "make a model of weights from elsewhere",
    .help = "Makes one model file of weights that PyTorch saved (.pth, .pt, .pth.tar) or of .safetensors\n"
            "files. Networks that were published are known by their tensors: VGG-16 and VGG-19 of\n"
            "torchvision, AdaIN (give its two files), the distilled VGG-19 for WCT (give its ten files),\n"
            "transform networks of one style. No code in a file is ever run.\n"
            "\n"
            "  -o, --output PATH    where to write the model (.safetensors); by default it becomes one\n"
            "                       of your models, in ~/.local/share/solstice/models\n"
            "      --architecture A what network it is: a name of an architecture, or a .json file\n"
            "      --name NAME      what to call it; by default after the network or the file\n"
            "      --licence TEXT   what the weights may be used under, for \"solstice models\"\n"
            "      --overwrite      replace a model that exists\n"
            "\n"
            "docs/models.md tells where published weights are found.\n",
    .files = "pth pt tar safetensors",
    .run = run,
};
