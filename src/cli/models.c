/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice models: what there is to paint with.
 */
#include "cli/cli.h"

#include <solstice/model.h>

#include <stdio.h>
#include <stdlib.h>

static int print_model(const char *path)
{
    SolModel *model = NULL;
    SolModelInfo info;
    char size[32];
    int result = sol_model_open(&model, path);
    if (result != SOL_OK)
        return report_failure(result);
    sol_model_info(model, &info);
    printf("%-16s %-9s %9s  %-12s %s\n", info.name, info.method, format_bytes(info.bytes, size),
           *info.licence ? info.licence : "-", info.path);
    sol_model_close(&model);
    return EXIT_DONE;
}

static int list_models(void)
{
    char **paths = NULL;
    int status = EXIT_DONE, result = sol_model_list(&paths, model_folders());
    if (result != SOL_OK)
        return report_failure(result);
    if (!paths[0])
        complain("no models found; set SOLSTICE_MODELS to a folder that holds some");
    else
        printf("%-16s %-9s %9s  %-12s %s\n", "name", "method", "size", "licence", "path");
    for (int i = 0; paths[i]; i++)
        if (print_model(paths[i]) != EXIT_DONE)
            status = EXIT_FAILED;
    sol_model_list_free(&paths);
    return status;
}

static int run(int argc, char **argv)
{
    TextList operands = {0};
    int status = read_arguments(&sol_command_models, argc, argv, (const Option[]){{0}}, &operands, 0, 0);
    free(operands.items);
    return status < 0 ? list_models() : status;
}

const Command sol_command_models = {
    .name = "models",
    .arguments = "",
    .summary = "list the models that can be painted with",
    .help = "Lists the models that a schedule's \"model\" or --model can name, with their method, size,\n"
            "licence and file. They are looked for in the folders of the environment variable\n"
            "SOLSTICE_MODELS (separated by colons) and in those that came with the program.\n",
    .run = run,
};
