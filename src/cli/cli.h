/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: what its commands share. A command is one file and one line in main.c.
 */
#ifndef SOL_CLI_CLI_H
#define SOL_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <solstice/color.h>
#include <solstice/image.h>
#include <solstice/log.h>
#include <solstice/model.h>
#include <solstice/precision.h>
#include <solstice/render.h>
#include <solstice/video.h>

/* Exit statuses. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

typedef struct Command {
    const char *name;
    const char *arguments;                 /* as in its usage line */
    const char *summary;                   /* one line, for the list of commands */
    const char *help;                      /* what follows the usage line in its help */
    const char *files;                     /* extensions of the files that its operands name: "yaml yml"; NULL: none */
    const char *words;                     /* its other operands; MODEL and COMMAND stand for all of them; NULL: none */
    int (*run)(int argc, char **argv);     /* argv[0] is the command's name; begins with read_arguments(); returns an
                                              exit status */
} Command;

/* Extensions for Command.files. */
#define SOL_VIDEO_FILES "mp4 mov mkv webm avi m4v mpg mpeg ts gif"
#define SOL_IMAGE_FILES "png jpg jpeg webp bmp tif tiff"

/* All commands, in the order in which they are listed; NULL behind the last. */
extern const Command *const sol_commands[];

extern const Command sol_command_init, sol_command_render, sol_command_check, sol_command_stylize, sol_command_gif,
    sol_command_sheet, sol_command_mask, sol_command_measure, sol_command_probe, sol_command_models,
    sol_command_import, sol_command_bench, sol_command_clean, sol_command_completion, sol_command_version,
    sol_command_help;

/** Prints a command's help. */
void print_help(const Command *command);

/* ---- options ---- */

typedef enum OptionKind {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_FILE,     /* const char *: a path */
    OPTION_MODEL,    /* const char *: a model's name or path */
    OPTION_METHOD,   /* const char *: the name of an engine */
    OPTION_LIST,     /* TextList of paths: may be given again */
    OPTION_MANY,     /* TextList of paths: takes all arguments up to the next option */
    OPTION_INT,      /* int64_t within low..high */
    OPTION_NUMBER,   /* double within low..high */
    OPTION_FRACTION, /* SolRational above 0, "30", "29.97" or "30000/1001" */
    OPTION_RANGE,    /* FrameRange, "A-B" or "A" */
    OPTION_SIZE,     /* FrameSize, "WxH" */
    OPTION_MEMORY,   /* uint64_t: bytes, "2GiB" */
    OPTION_CHOICE,   /* Choice: one of some names */
    OPTION_LEVELS,   /* Levels, "0.6,0.6,0,0,0" */
    OPTION_TIME,     /* double: seconds, "0:12.5" */
    OPTION_SPEED,    /* SolRational, "2x" */
    OPTION_CROP,     /* SolCrop, "640x360+0+60" or "16:9" */
    OPTION_BYTES,    /* int64_t: bytes from low on, "8MB" */
    OPTION_GIVE_UP   /* SolGiveUp[SOL_GIVE_UPS], "lossy,width" */
} OptionKind;

typedef struct TextList {
    const char **items; /* the array is freed with free(), the texts belong to argv */
    size_t count, capacity;
} TextList;

typedef struct FrameRange {
    int64_t first, count; /* count 0: not given */
} FrameRange;

typedef struct FrameSize {
    int width, height; /* 0: not given */
} FrameSize;

typedef struct Choice {
    int value;                /* the number of the name; keeps what it has where the option is not given */
    const char *(*name)(int); /* NULL behind the last */
} Choice;

/** Choice.name of SolPrecision, and of SolColor. */
const char *precision_choice(int i);
const char *color_choice(int i);
enum { MAX_LEVELS = 16 };

/* Strengths of a model's levels, as SolEngineOptions.level_strength. */
typedef struct Levels {
    double strength[MAX_LEVELS];
    int count; /* 0: not given */
} Levels;

typedef struct Option {
    const char *name; /* long, without the dashes */
    char letter;      /* 0 for none */
    OptionKind kind;
    void *value;      /* of the kind's type; keeps its value where the option is not given */
    double low, high; /* of OPTION_INT and OPTION_NUMBER */
} Option;

/**
 * Reads a command's arguments. `options` is ended by one without a name; every command takes --help
 * besides. What is no option goes to `operands`, of which there must be low..high.
 *
 * @return -1 to go on, else the exit status to end with (an error or the help has been printed)
 */
int read_arguments(const Command *command, int argc, char **argv, const Option options[], TextList *operands,
                   int low, int high);

/** Hands the table of a command's options to `visit`; the command does nothing else. */
void visit_options(const Command *command, void (*visit)(void *user, const Option options[]), void *user);

/* ---- console ---- */

/** Prints "solstice: " and the message to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Prints the library's error text and gives the exit status for `code`. */
int report_failure(int code);

/** Prints warnings and notes to standard error, clearing a progress line first. May be called by several threads. */
extern const SolLog sol_console_log;

/** The same for warnings alone, for --quiet, and with details, for --verbose. */
extern const SolLog sol_console_warnings, sol_console_details;

/** Ctrl-C and SIGTERM set the flag that was_interrupted() returns; a second one ends the program. */
void catch_interrupts(void);
bool was_interrupted(void *unused);

/** A SolRenderOptions.progress: shows the progress line of a render. */
void show_render_progress(void *unused, const SolRenderProgress *progress);

/** "frame 12 of 240  2.6 frames/s  1:27 left  1.2 MB  spring"; MB are those written so far. */
const char *format_progress(const SolRenderProgress *progress, char text[256]);

/** "12.5 frames/s", or "8.1 s a frame" where that says more. */
const char *format_rate(double rate, char text[32]);

/**
 * Shows a progress line: on a terminal ten times a second, else every ten seconds.
 *
 * @param seconds  since the work began
 * @param done     it is the last one, and is cleared
 */
void show_progress(const char *text, double seconds, bool done);

/** "out/film.mp4: 240 frames, 640x360, 8.00 s, 2.3 MB" for every output, and the time taken. */
void print_report(const SolRenderReport *report);

/** "0:07", "12:30", "1:02:03". */
const char *format_duration(double seconds, char text[32]);

/** "12.3 KB", "4.5 MB": 1000 bytes a KB. */
const char *format_bytes(int64_t bytes, char text[32]);

/* ---- the machine ---- */

/** Largest resident memory of this process so far, in bytes. */
int64_t peak_memory(void);

/** The processor's name as the system tells it. */
const char *processor_name(char text[128]);

/**
 * Folders in which models are found by name, NULL-terminated: those of the environment variable
 * SOLSTICE_MODELS (separated by colons), then the user's own, then those beside and below the program.
 */
const char *const *model_folders(void);

/** The folder that a user's models are imported to, which need not be there; freed with free(), NULL: no home. */
char *user_model_folder(void);

/** Opens the model that a user calls `name`, or where that is NULL one for `method` (NULL: any); 0 or an exit status. */
int open_model(const char *name, const char *method, SolModel **model);

#endif
