/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice models: what there is to paint with, and the layers of one.
 */
#include "cli/cli.h"

#include "model/model.h"

#include <solstice/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- all ---- */

/* How wide the names are: those of the files, less the extension. */
static int width_of_names(char *const paths[])
{
    int wide = 16;
    for (; *paths; paths++) {
        const char *slash = strrchr(*paths, '/');
        int width = (int)strlen(slash ? slash + 1 : *paths) - (int)strlen(".safetensors");
        if (width > wide)
            wide = width;
    }
    return wide;
}

static int print_model(const char *path, int wide)
{
    SolModel *model = NULL;
    SolModelInfo info;
    char size[32];
    int result = sol_model_open(&model, path);
    if (result != SOL_OK)
        return report_failure(result);
    sol_model_info(model, &info);
    printf("%-*s %-9s %9s  %-12s %s\n", wide, info.name, info.method, format_bytes(info.bytes, size),
           *info.licence ? info.licence : "-", info.path);
    sol_model_close(&model);
    return EXIT_DONE;
}

static int list_models(void)
{
    char **paths = NULL;
    int status = EXIT_DONE, wide, result = sol_model_list(&paths, model_folders());
    if (result != SOL_OK)
        return report_failure(result);
    wide = width_of_names(paths);
    if (!paths[0])
        complain("no models found; set SOLSTICE_MODELS to a folder that holds some");
    else
        printf("%-*s %-9s %9s  %-12s %s\n", wide, "name", "method", "size", "licence", "path");
    for (int i = 0; paths[i]; i++)
        if (print_model(paths[i], wide) != EXIT_DONE)
            status = EXIT_FAILED;
    sol_model_list_free(&paths);
    return status;
}

/* The names alone, for other programs; no model is opened. */
static int list_names(void)
{
    char **paths = NULL;
    int result = sol_model_list(&paths, model_folders());
    if (result != SOL_OK)
        return report_failure(result);
    for (int i = 0; paths[i]; i++) {
        const char *slash = strrchr(paths[i], '/'), *name = slash ? slash + 1 : paths[i];
        printf("%.*s\n", (int)(strlen(name) - strlen(".safetensors")), name);
    }
    sol_model_list_free(&paths);
    return EXIT_DONE;
}

/* ---- one ---- */

/* Numbers in the weights and the bias of a layer. */
static long long count_parameters(const SolGraph *graph, const SolNode *node)
{
    const SolLayer *layer = &node->layer;
    long long count = 0;
    if (layer->op != SOL_OP_CONV)
        return 0;
    if (layer->weights)
        count = (long long)layer->channels * sol_graph_node(graph, layer->inputs[0])->channels * layer->kernel *
                layer->kernel;
    return count + (layer->bias ? layer->channels : 0);
}

/* "conv 3x3, relu"; with the inputs by name where they are not just the node before. */
static void describe_operator(const SolGraph *graph, int number, char *text, size_t size)
{
    const SolLayer *layer = &sol_graph_node(graph, number)->layer;
    int inputs = sol_op_inputs(layer->op), used;
    used = snprintf(text, size, "%s", sol_op_name(layer->op));
    if (layer->op == SOL_OP_CONV)
        used += snprintf(text + used, size - (size_t)used, " %dx%d%s", layer->kernel, layer->kernel,
                         layer->relu ? ", relu" : "");
    for (int i = 0; i < inputs && (size_t)used < size; i++)
        if (inputs > 1 || layer->inputs[i] != number - 1)
            used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : " of ",
                             sol_graph_node(graph, layer->inputs[i])->name);
}

/* "64 x 1/4": channels, and how much smaller (or larger) than the picture the result is. */
static void describe_shape(const SolNode *node, char *text, size_t size)
{
    int scale = 1 << abs(node->level);
    snprintf(text, size, node->level > 0 ? "%d x 1/%d" : "%d x %d", node->channels, scale);
}

static void print_layers(const SolGraph *graph)
{
    long long sum = 0;
    int wide = 4;
    for (int i = 0; i < sol_graph_count(graph); i++)
        if ((int)strlen(sol_graph_node(graph, i)->name) > wide)
            wide = (int)strlen(sol_graph_node(graph, i)->name);
    printf("%-*s  %-28s  %-10s  %s\n", wide, "node", "operator", "shape", "parameters");
    for (int i = 0; i < sol_graph_count(graph); i++) {
        const SolNode *node = sol_graph_node(graph, i);
        long long count = count_parameters(graph, node);
        char op[256], shape[32], number[32] = "";
        describe_operator(graph, i, op, sizeof op);
        describe_shape(node, shape, sizeof shape);
        if (count > 0)
            snprintf(number, sizeof number, "%lld", count);
        printf("%-*s  %-28s  %-10s  %10s\n", wide, node->name, op, shape, number);
        sum += count;
    }
    printf("%-*s  %-28s  %-10s  %10lld\n", wide, "sum", "", "", sum);
}

static int show_model(const char *name)
{
    SolModel *model = NULL;
    SolModelInfo info;
    char size[32];
    int status = open_model(name, NULL, &model);
    if (status != 0)
        return status;
    sol_model_info(model, &info);
    printf("%s: %s, %s, licence: %s\n", info.path, info.method, format_bytes(info.bytes, size),
           *info.licence ? info.licence : "not said");
    printf("A shape is its channels x its size, the picture's being 1.\n\n");
    print_layers(sol_model_graph(model));
    sol_model_close(&model);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    TextList operands = {0};
    bool names = false;
    const Option options[] = {{"names", 0, OPTION_FLAG, &names, 0, 0}, {0}};
    int status = read_arguments(&sol_command_models, argc, argv, options, &operands, 0, 2);
    if (status < 0 && operands.count == 0) {
        status = names ? list_names() : list_models();
    } else if (status < 0 && strcmp(operands.items[0], "show") != 0) {
        complain("models: \"%s\" is not understood; usage: solstice models %s", operands.items[0],
                 sol_command_models.arguments);
        status = EXIT_USAGE;
    } else if (status < 0 && operands.count == 1) {
        complain("models: show which one? \"solstice models\" lists them");
        status = EXIT_USAGE;
    } else if (status < 0) {
        status = show_model(operands.items[1]);
    }
    free(operands.items);
    return status;
}

const Command sol_command_models = {
    .name = "models",
    .arguments = "[--names | show MODEL]",
    .summary = "list the models that can be painted with",
    .help = "Lists the models that a schedule's \"model\" or --model can name, with their method, size,\n"
            "licence and file. They are looked for in the folders of the environment variable\n"
            "SOLSTICE_MODELS (separated by colons), in your own (~/.local/share/solstice/models, to\n"
            "which \"solstice import\" adds) and in those that came with the program.\n"
            "\n"
            "      --names          print their names alone, one a line\n"
            "\n"
            "\"solstice models show MODEL\" prints the layers of one: the node's name, its operator, its\n"
            "channels and size, and how many weights it has.\n",
    .words = "show MODEL",
    .run = run,
};
