/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: finds the command and runs it. Exit status: 0 done, 1 failed, 2 wrong usage or
 * schedule, 130 interrupted.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "media/av.h"

#include <solstice/style.h>
#include <solstice/version.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifdef SOL_HAVE_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

const Command *const sol_commands[] = {
    &sol_command_init,    &sol_command_render, &sol_command_check,      &sol_command_sheet,   &sol_command_mask,
    &sol_command_stylize, &sol_command_gif,    &sol_command_measure,    &sol_command_probe,   &sol_command_models,
    &sol_command_import,  &sol_command_bench,  &sol_command_clean,      &sol_command_completion,
    &sol_command_version, &sol_command_help,   NULL,
};

static const Command *find_command(const char *name)
{
    for (int i = 0; sol_commands[i]; i++)
        if (strcmp(sol_commands[i]->name, name) == 0)
            return sol_commands[i];
    return NULL;
}

static int complain_unknown(const char *name)
{
    const char *names[sizeof sol_commands / sizeof *sol_commands], *nearest;
    for (int i = 0; sol_commands[i] || (names[i] = NULL); i++)
        names[i] = sol_commands[i]->name;
    nearest = sol_nearest(name, names);
    if (nearest)
        complain("unknown command \"%s\"; did you mean \"%s\"?", name, nearest);
    else
        complain("unknown command \"%s\"; \"solstice help\" lists them", name);
    return EXIT_USAGE;
}

void print_help(const Command *command)
{
    printf("usage: solstice %s%s%s\n\n%s", command->name, *command->arguments ? " " : "", command->arguments,
           command->help);
}

static void print_overview(FILE *stream)
{
    fputs("Solstice turns a clip into a seasonal film: a schedule says which frames are painted in the\n"
          "style of which image.\n\n"
          "usage: solstice COMMAND [ARGUMENT ...]\n\n",
          stream);
    for (int i = 0; sol_commands[i]; i++)
        fprintf(stream, "  %-9s %s\n", sol_commands[i]->name, sol_commands[i]->summary);
    fputs("\n\"solstice help COMMAND\" tells more of one. A first film, in the\n"
          "folder of the sources:\n\n"
          "  solstice render configs/sample/seasons.yaml\n",
          stream);
}

static int run_help(int argc, char **argv)
{
    TextList operands = {0};
    int status = read_arguments(&sol_command_help, argc, argv, (const Option[]){{0}}, &operands, 0, 1);
    const Command *command = status < 0 && operands.count > 0 ? find_command(operands.items[0]) : NULL;
    if (status < 0 && operands.count > 0 && !command)
        status = complain_unknown(operands.items[0]);
    if (command)
        print_help(command);
    else if (status < 0)
        print_overview(stdout);
    free(operands.items);
    return status < 0 ? EXIT_DONE : status;
}

const Command sol_command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "tell what the program or a command does",
    .help = "Lists the commands, or tells how one of them is used.\n",
    .words = "COMMAND",
    .run = run_help,
};

static void print_onednn_version(void)
{
#ifdef SOL_HAVE_ONEDNN
    const dnnl_version_t *v = dnnl_version();
    printf("oneDNN %d.%d.%d", v->major, v->minor, v->patch);
#else
    printf("no oneDNN");
#endif
}

static int run_version(int argc, char **argv)
{
    unsigned format = avformat_version(), codec = avcodec_version();
    TextList operands = {0};
    int status = read_arguments(&sol_command_version, argc, argv, (const Option[]){{0}}, &operands, 0, 0);
    free(operands.items);
    if (status >= 0)
        return status;
    printf("solstice %s\n", SOL_VERSION);
    printf("libavformat %u.%u.%u, libavcodec %u.%u.%u, ", format >> 16, format >> 8 & 255, format & 255, codec >> 16,
           codec >> 8 & 255, codec & 255);
    print_onednn_version();
    printf(", OpenBLAS kernels: %s\n", sol_blas_core());
    return EXIT_DONE;
}

const Command sol_command_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version of the program and of what it stands on",
    .help = "Prints the program's version, FFmpeg's, oneDNN's, and which of OpenBLAS's kernels are in use.\n",
    .run = run_version,
};

/* What was printed may not have arrived: a full disk, a closed pipe. */
static int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("standard output cannot be written: %s", strerror(errno));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

/*
 * Pictures come and go with every frame, and an encoder's memory with every part of a film. glibc would give each back
 * to the system and ask for it again, page by page, in the time that it takes to paint some frames. So it keeps up to
 * HELD_BYTES; what is larger than most pictures goes back at once.
 */
static void hold_memory(void)
{
#ifdef __GLIBC__
    enum { HELD_BYTES = 32 << 20, LARGE_BYTES = 4 << 20 };
    mallopt(M_TRIM_THRESHOLD, HELD_BYTES);
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}

int main(int argc, char **argv)
{
    const Command *command;
    hold_memory();
    sol_media_quiet();
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return finish_output(run_help(argc - 1, argv + 1));
    if (strcmp(argv[1], "--version") == 0)
        return finish_output(run_version(1, argv + 1));
    if (!(command = find_command(argv[1])))
        return complain_unknown(argv[1]);
    return finish_output(command->run(argc - 1, argv + 1));
}
