/* SPDX-License-Identifier: Apache-2.0
 *
 * Arguments of a command: a table of options over getopt_long(), with one clear line for each mistake.
 */
#include "cli/cli.h"

#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/budget.h"
#include "schedule/values.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 48, MAX_CHOICES = 15 };

static bool append(TextList *list, const char *text)
{
    if (!sol_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return false;
    list->items[list->count++] = text;
    return true;
}

static bool read_fraction(const char *text, SolRational *value)
{
    const char *slash = strchr(text, '/');
    double number;
    if (slash) {
        int64_t num, den;
        char part[16];
        if ((size_t)(slash - text) >= sizeof part)
            return false;
        memcpy(part, text, (size_t)(slash - text));
        part[slash - text] = '\0';
        if (!sol_parse_int(part, 1, INT32_MAX, &num) || !sol_parse_int(slash + 1, 1, INT32_MAX, &den))
            return false;
        *value = (SolRational){(int)num, (int)den};
        return true;
    }
    if (!sol_parse_number(text, &number) || number < 0.001 || number > 1000)
        return false;
    *value = (SolRational){(int)lround(number * 1000), 1000};
    return true;
}

/* "2x", or "2". */
static bool read_speed(const char *text, SolRational *speed)
{
    char with_x[40];
    return sol_parse_speed(text, speed) ||
           (snprintf(with_x, sizeof with_x, "%sx", text) < (int)sizeof with_x && sol_parse_speed(with_x, speed));
}

static bool read_bytes(const char *text, double low, int64_t *bytes)
{
    uint64_t value;
    if (!sol_parse_bytes(text, (uint64_t)low, &value))
        return false;
    *bytes = (int64_t)value;
    return true;
}

static bool read_give_up(const char *text, SolGiveUp order[SOL_GIVE_UPS])
{
    memset(order, 0, SOL_GIVE_UPS * sizeof *order);
    for (bool more = true; more; text++) {
        char word[16];
        size_t length = strcspn(text, ",");
        if (length >= sizeof word)
            return false;
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (!sol_give_up_add(word, order))
            return false;
        text += length;
        more = *text == ',';
    }
    return true;
}

static bool read_size(const char *text, FrameSize *size)
{
    char part[16];
    size_t length = strcspn(text, "x");
    int64_t width, height;
    if (!text[length] || length >= sizeof part)
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    if (!sol_parse_int(part, 1, SOL_IMAGE_MAX_SIDE, &width) ||
        !sol_parse_int(text + length + 1, 1, SOL_IMAGE_MAX_SIDE, &height))
        return false;
    *size = (FrameSize){(int)width, (int)height};
    return true;
}

static bool read_range(const char *text, FrameRange *range)
{
    int64_t first, last;
    if (!sol_parse_range(text, &first, &last) || last == INT64_MAX)
        return false;
    *range = (FrameRange){first, last - first + 1};
    return true;
}

const char *precision_choice(int i)
{
    return i <= SOL_PRECISION_BFLOAT16 ? sol_precision_name((SolPrecision)i) : NULL;
}

const char *color_choice(int i)
{
    return i <= SOL_COLOR_LUMINANCE ? sol_color_name((SolColor)i) : NULL;
}

/* Finds the choice; false after saying which there are. */
static bool read_choice(const Command *command, const Option *option, const char *text)
{
    Choice *choice = option->value;
    const char *names[MAX_CHOICES + 1] = {0}, *nearest;
    char known[160] = "";
    for (int i = 0; i < MAX_CHOICES && (names[i] = choice->name(i)); i++) {
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", names[i]);
        if (strcmp(names[i], text) == 0) {
            choice->value = i;
            return true;
        }
    }
    nearest = sol_nearest(text, names);
    if (nearest)
        complain("%s: --%s %s: did you mean %s? There are %s", command->name, option->name, text, nearest, known);
    else
        complain("%s: --%s %s: must be one of %s", command->name, option->name, text, known);
    return false;
}

static bool read_levels(const char *text, Levels *levels)
{
    levels->count = 0;
    for (bool more = true; more; text++) {
        char part[32];
        size_t length = strcspn(text, ",");
        double *value = &levels->strength[levels->count];
        if (length >= sizeof part || levels->count++ == MAX_LEVELS)
            return false;
        snprintf(part, sizeof part, "%.*s", (int)length, text);
        if (!sol_parse_number(part, value) || !(*value >= 0 && *value <= 1))
            return false;
        text += length;
        more = *text == ',';
    }
    return true;
}

/* Whether a value was understood, after saying what it must be where it was not. */
static bool is_taken(bool understood, const Command *command, const Option *option, const char *text,
                     const char *wanted)
{
    if (!understood)
        complain("%s: --%s %s: must be %s", command->name, option->name, text, wanted);
    return understood;
}

/* Stores the value of an option that has a syntax of its own; false after saying what is wrong with it. */
static bool store_parsed(const Command *command, const Option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_FRACTION:
        return is_taken(read_fraction(text, option->value), command, option, text,
                        "a number above 0, such as 15, 29.97 or 30000/1001");
    case OPTION_RANGE:
        return is_taken(read_range(text, option->value), command, option, text,
                        "FIRST-LAST, counted from 0, such as 0-59");
    case OPTION_SIZE:
        return is_taken(read_size(text, option->value), command, option, text, "WIDTHxHEIGHT, such as 640x360");
    case OPTION_MEMORY:
        return is_taken(sol_parse_memory(text, option->value), command, option, text, SOL_MEMORY_WORDS);
    case OPTION_LEVELS:
        return is_taken(read_levels(text, option->value), command, option, text,
                        "numbers from 0 to 1, one for each of the model's levels, such as 0,1,0,0,0");
    case OPTION_TIME:
        return is_taken(sol_parse_time(text, option->value), command, option, text,
                        "a time such as 12.5, 0:12.5 or 1:02:03");
    case OPTION_SPEED:
        return is_taken(read_speed(text, option->value), command, option, text, "0.01x to 1000x, such as 2x or 0.5x");
    case OPTION_CROP:
        return is_taken(sol_parse_crop(text, option->value), command, option, text,
                        "WIDTHxHEIGHT+LEFT+TOP such as 640x360+0+60, WIDTHxHEIGHT, or a shape such as 16:9");
    case OPTION_BYTES:
        return is_taken(read_bytes(text, option->low, option->value), command, option, text,
                        "bytes, 1KB or more, such as 8MB, 500KiB or 8000000");
    case OPTION_GIVE_UP:
        return is_taken(read_give_up(text, option->value), command, option, text,
                        "a list of what is given up, in its order and each once: " SOL_GIVE_UP_WORDS);
    default:
        return false;
    }
}

/* Stores an option's value; false after saying what is wrong with it. */
static bool store(const Command *command, const Option *option, const char *text)
{
    double number;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        return true;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_MODEL:
    case OPTION_METHOD:
        *(const char **)option->value = text;
        return true;
    case OPTION_LIST:
    case OPTION_MANY:
        if (append(option->value, text))
            return true;
        complain("%s: not enough memory for the arguments", command->name);
        return false;
    case OPTION_INT:
        if (sol_parse_int(text, (int64_t)option->low, (int64_t)option->high, option->value))
            return true;
        complain("%s: --%s %s: must be a whole number from %.0f to %.0f", command->name, option->name, text,
                 option->low, option->high);
        return false;
    case OPTION_NUMBER:
        if (sol_parse_number(text, &number) && number >= option->low && number <= option->high) {
            *(double *)option->value = number;
            return true;
        }
        complain("%s: --%s %s: must be a number from %g to %g", command->name, option->name, text, option->low,
                 option->high);
        return false;
    case OPTION_CHOICE:
        return read_choice(command, option, text);
    default:
        return store_parsed(command, option, text);
    }
}

static void complain_unknown(const Command *command, const Option options[], const char *word)
{
    const char *names[MAX_OPTIONS + 2], *nearest;
    char given[64];
    int count = 0;
    names[count++] = "help";
    for (const Option *o = options; o->name && count <= MAX_OPTIONS; o++)
        names[count++] = o->name;
    names[count] = NULL;
    snprintf(given, sizeof given, "%.*s", (int)strcspn(word, "="), word);
    nearest = strncmp(given, "--", 2) == 0 ? sol_nearest(given + 2, names) : NULL;
    if (nearest)
        complain("%s: unknown option %s; did you mean --%s?", command->name, given, nearest);
    else
        complain("%s: unknown option %s; see \"solstice help %s\"", command->name, given, command->name);
}

static int check_operands(const Command *command, const TextList *operands, int low, int high)
{
    if (operands->count < (size_t)low)
        complain("%s: something is missing; usage: solstice %s %s", command->name, command->name, command->arguments);
    else if (operands->count > (size_t)high)
        complain("%s: \"%s\" is one argument too many; usage: solstice %s %s", command->name, operands->items[high],
                 command->name, command->arguments);
    else
        return -1;
    return EXIT_USAGE;
}

/* While there is one, tables of options go there, and no arguments are read. */
static struct {
    void (*visit)(void *user, const Option options[]);
    void *user;
} visitor;

void visit_options(const Command *command, void (*visit)(void *user, const Option options[]), void *user)
{
    char name[32];
    char *argv[] = {name, NULL};
    snprintf(name, sizeof name, "%s", command->name);
    visitor.visit = visit;
    visitor.user = user;
    command->run(1, argv);
    visitor.visit = NULL;
}

int read_arguments(const Command *command, int argc, char **argv, const Option options[], TextList *operands,
                   int low, int high)
{
    /* '-' has operands returned in their order, as code 1; ':' tells a missing value from an unknown option */
    char letters[2 * MAX_OPTIONS + 8] = "-:h";
    struct option table[MAX_OPTIONS + 2] = {{"help", no_argument, NULL, 'h'}};
    const Option *last = NULL; /* an OPTION_MANY that further operands belong to */
    int code, count = 1;
    if (visitor.visit) {
        visitor.visit(visitor.user, options);
        return EXIT_DONE;
    }
    for (const Option *o = options; o->name; o++, count++) {
        size_t end = strlen(letters);
        table[count] = (struct option){o->name, o->kind == OPTION_FLAG ? no_argument : required_argument, NULL,
                                       256 + (int)(o - options)};
        if (o->letter)
            snprintf(letters + end, sizeof letters - end, o->kind == OPTION_FLAG ? "%c" : "%c:", o->letter);
    }
    opterr = 0;
    optind = 1;
    while ((code = getopt_long(argc, argv, letters, table, NULL)) != -1) {
        const Option *option = code >= 256 ? &options[code - 256] : NULL;
        for (const Option *o = options; !option && o->name && code > 1; o++)
            if (o->letter == code)
                option = o;
        if (code == 1) {
            if (last ? !append(last->value, optarg) : !append(operands, optarg))
                return EXIT_FAILED;
        } else if (code == 'h') {
            print_help(command);
            return EXIT_DONE;
        } else if (code == ':') {
            complain("%s: %s needs a value; see \"solstice help %s\"", command->name, argv[optind - 1], command->name);
            return EXIT_USAGE;
        } else if (!option) {
            complain_unknown(command, options, argv[optind - 1]);
            return EXIT_USAGE;
        } else {
            if (!store(command, option, optarg))
                return EXIT_USAGE;
            last = option->kind == OPTION_MANY ? option : NULL;
        }
    }
    for (; optind < argc; optind++) /* behind "--" */
        if (!append(operands, argv[optind]))
            return EXIT_FAILED;
    return check_operands(command, operands, low, high);
}
