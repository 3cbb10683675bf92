/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice completion: what a shell needs to complete the program's arguments, made of the tables of commands and
 * options that the program itself goes by. What an option is for is taken from its command's help.
 */
#include "cli/cli.h"

#include <solstice/style.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How one shell is told. */
typedef struct Shell {
    const char *name;
    void (*begin)(void);
    void (*begin_command)(const Command *command);
    void (*option)(const Command *command, const Option *option);
    void (*end_command)(const Command *command);
    void (*end)(void);
} Shell;

/* ---- words ---- */

/* Calls `put` for every word of a list that is separated by spaces. */
static void each_word(const char *list, void (*put)(const char *word, int length))
{
    while (list && *list) {
        size_t length = strcspn(list, " ");
        put(list, (int)length);
        list += length + strspn(list + length, " ");
    }
}

static void put_word(const char *word, int length)
{
    printf(" %.*s", length, word);
}

/* Calls `put` for every value that an option may have, where they are few. */
static void each_value(const Option *option, void (*put)(const char *word, int length))
{
    const Choice *choice = option->value;
    const char *name;
    for (int i = 0; option->kind == OPTION_CHOICE && (name = choice->name(i)); i++)
        put(name, (int)strlen(name));
    for (int i = 0; option->kind == OPTION_METHOD && (name = sol_engine_method_name(i)); i++)
        put(name, (int)strlen(name));
}

static bool has_values(const Option *option)
{
    return option->kind == OPTION_CHOICE || option->kind == OPTION_METHOD;
}

static bool takes_file(const Option *option)
{
    return option->kind == OPTION_FILE || option->kind == OPTION_LIST || option->kind == OPTION_MANY ||
           option->kind == OPTION_MODEL;
}

/* Calls `put` for the command's operands that are words. */
static void each_operand(const Command *command, void (*put)(const char *word, int length))
{
    const char *list = command->words;
    while (list && *list) {
        size_t length = strcspn(list, " ");
        if (strncmp(list, "COMMAND", length) == 0)
            for (int i = 0; sol_commands[i]; i++)
                put(sol_commands[i]->name, (int)strlen(sol_commands[i]->name));
        else if (strncmp(list, "MODEL", length) != 0)
            put(list, (int)length);
        list += length + strspn(list + length, " ");
    }
}

static bool names_models(const Command *command)
{
    return command->words && strstr(command->words, "MODEL");
}

/* ---- what an option is for ---- */

enum { TEXT_SIZE = 256 };

enum { COLUMN = 23 }; /* at which helps begin to say what an option is for */

/* Where the help says what --NAME is for; NULL where it does not have it. */
static const char *find_text(const char *help, const char *name)
{
    char option[64];
    size_t length = (size_t)snprintf(option, sizeof option, "--%s", name);
    for (const char *line = help; line; line = strchr(line, '\n'), line += line != NULL) {
        const char *end = line + strcspn(line, "\n"), *at = line;
        if (line[strspn(line, " ")] != '-')
            continue;
        while ((at = strstr(at, option)) && at < end && (isalnum((unsigned char)at[length]) || at[length] == '-'))
            at += length;
        if (!at || at >= end)
            continue;
        if (at + length < line + COLUMN - 1 && end > line + COLUMN && line[COLUMN - 1] == ' ')
            return line + COLUMN;
        return end; /* the options fill the line; the text follows on the next */
    }
    return NULL;
}

/* The first clause of what the help says of an option, "" where it says nothing. */
static const char *describe(const Command *command, const char *name, char text[TEXT_SIZE])
{
    const char *from = find_text(command->help, name);
    size_t used = 0;
    for (; from && *from && used < TEXT_SIZE - 1; from++) {
        bool space = *from == ' ' || *from == '\n';
        if (*from == '\n' && (from[1] == '\n' || from[1 + strspn(from + 1, " ")] == '-'))
            break;
        if (*from == ';' || (*from == '.' && strchr(" \n", from[1])) || (*from == '(' && used > 8))
            break;
        if (!space || (used > 0 && text[used - 1] != ' '))
            text[used++] = space ? ' ' : *from;
    }
    while (used > 0 && strchr(" ,.", text[used - 1]))
        used--;
    text[used] = '\0';
    return text;
}

/* Writes a text within single quotes: the shells differ in how one of these is written there. */
static void put_quoted(const char *text, const char *quote, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else if (strchr(escaped, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* ---- bash ---- */

static void bash_begin(void)
{
    printf("# bash completion for solstice; made by \"solstice completion bash\".\n\n"
           "# Candidates out of the words given, in COMPREPLY.\n"
           "_solstice_words() {\n"
           "  local IFS=$' \\n'\n"
           "  COMPREPLY+=($(compgen -W \"$*\" -- \"$cur\"))\n"
           "}\n\n"
           "# Files with one of the extensions given, or all; and folders.\n"
           "_solstice_files() {\n"
           "  local IFS=$'\\n' extension\n"
           "  [ $# -gt 0 ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
           "  [ $# -eq 0 ] || COMPREPLY+=($(compgen -d -- \"$cur\"))\n"
           "  for extension; do COMPREPLY+=($(compgen -f -X \"!*.$extension\" -- \"$cur\")); done\n"
           "}\n\n"
           "_solstice() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} program=$1 last= i\n"
           "  COMPREPLY=()\n"
           "  # --option=value comes as three words\n"
           "  if [ \"$cur\" = = ]; then cur=; elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
           "  # the last option: some take all words behind them\n"
           "  for ((i = COMP_CWORD - 1; i > 1; i--)); do\n"
           "    case ${COMP_WORDS[i]} in -*) last=${COMP_WORDS[i]}; break ;; esac\n"
           "  done\n"
           "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "    _solstice_words");
    for (int i = 0; sol_commands[i]; i++)
        printf(" %s", sol_commands[i]->name);
    printf(" --help --version\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
}

static void bash_begin_command(const Command *command)
{
    printf("  %s)\n    case $prev in\n", command->name);
}

static void put_bash_names(const Option *option)
{
    if (option->letter)
        printf("-%c | ", option->letter);
    printf("--%s)", option->name);
}

static void bash_option(const Command *command, const Option *option)
{
    (void)command;
    if (option->kind == OPTION_FLAG)
        return;
    printf("    ");
    put_bash_names(option);
    if (has_values(option)) {
        printf(" _solstice_words");
        each_value(option, put_word);
        printf(";");
    }
    if (option->kind == OPTION_MODEL)
        printf(" _solstice_words $(\"$program\" models --names 2>/dev/null);");
    if (takes_file(option))
        printf(" _solstice_files%s;", option->kind == OPTION_MODEL ? " safetensors" : "");
    printf(" return ;;\n");
}

static void put_bash_many(void *user, const Option options[])
{
    (void)user;
    for (const Option *o = options; o->name; o++)
        if (o->kind == OPTION_MANY) {
            printf("    case $last in ");
            put_bash_names(o);
            printf(" [ \"${cur#-}\" != \"$cur\" ] || { _solstice_files; return; } ;; esac\n");
        }
}

static void put_bash_words(void *user, const Option options[])
{
    (void)user;
    for (const Option *o = options; o->name; o++) {
        printf(" --%s", o->name);
        if (o->letter)
            printf(" -%c", o->letter);
    }
}

static void bash_end_command(const Command *command)
{
    printf("    esac\n");
    visit_options(command, put_bash_many, NULL);
    printf("    case $cur in -*) _solstice_words --help");
    visit_options(command, put_bash_words, NULL);
    printf("; return ;; esac\n");
    if (command->words) {
        printf("    _solstice_words");
        each_operand(command, put_word);
        if (names_models(command))
            printf(" $(\"$program\" models --names 2>/dev/null)");
        printf("\n");
    }
    if (command->files) {
        printf("    _solstice_files");
        each_word(command->files, put_word);
        printf("\n");
    }
    printf("    ;;\n");
}

static void bash_end(void)
{
    printf("  esac\n}\n\ncomplete -o filenames -F _solstice solstice\n");
}

/* ---- zsh ---- */

static const char zsh_quote[] = "'\\''";

static void zsh_begin(void)
{
    printf("#compdef solstice\n# zsh completion for solstice; made by \"solstice completion zsh\".\n\n"
           "_solstice_models() {\n"
           "  local -a names\n"
           "  names=(${(f)\"$(_call_program models ${service:-solstice} models --names 2>/dev/null)\"})\n"
           "  _describe -t models model names\n"
           "}\n\n"
           "_solstice() {\n"
           "  local -a commands\n"
           "  commands=(\n");
    for (int i = 0; sol_commands[i]; i++) {
        printf("    '%s:", sol_commands[i]->name);
        put_quoted(sol_commands[i]->summary, zsh_quote, ":\\");
        printf("'\n");
    }
    printf("  )\n"
           "  if (( CURRENT == 2 )); then\n"
           "    _describe -t commands command commands\n"
           "    return\n"
           "  fi\n"
           "  local command=$words[2]\n"
           "  shift words\n"
           "  (( CURRENT-- ))\n"
           "  case $command in\n");
}

static void zsh_begin_command(const Command *command)
{
    printf("  %s)\n    _arguments -S '(- *)'{-h,--help}'[print its help]'", command->name);
}

static void put_zsh_value(const Option *option)
{
    const char *rest = option->kind == OPTION_MANY ? "*-*:" : "";
    printf(":%s%s:", rest, option->name);
    if (has_values(option)) {
        printf("(");
        each_value(option, put_word);
        printf(")");
    } else if (option->kind == OPTION_MODEL) {
        printf("{ _solstice_models; _files -g \"*.safetensors\" }");
    } else if (takes_file(option)) {
        printf("_files");
    } else {
        printf(" ");
    }
}

static void zsh_option(const Command *command, const Option *option)
{
    char text[TEXT_SIZE];
    bool again = option->kind == OPTION_LIST || option->kind == OPTION_MANY;
    printf(" \\\n      ");
    if (option->letter && again)
        printf("'*'{-%c,--%s}'", option->letter, option->name);
    else if (option->letter)
        printf("'(-%c --%s)'{-%c,--%s}'", option->letter, option->name, option->letter, option->name);
    else
        printf("'%s--%s", again ? "*" : "", option->name);
    printf("[");
    put_quoted(describe(command, option->name, text), zsh_quote, "[]:\\");
    printf("]");
    if (option->kind != OPTION_FLAG)
        put_zsh_value(option);
    printf("'");
}

static void put_zsh_extension(const char *word, int length)
{
    printf("|%.*s", length, word);
}

static void zsh_end_command(const Command *command)
{
    if (command->words && names_models(command)) {
        printf(" \\\n      '*:model:{ _solstice_models; compadd show }'");
    } else if (command->words) {
        printf(" \\\n      '*:word:(");
        each_operand(command, put_word);
        printf(")'");
    }
    if (command->files) {
        size_t first = strcspn(command->files, " ");
        printf(" \\\n      '*:file:_files -g \"*.(%.*s", (int)first, command->files);
        each_word(command->files + first + strspn(command->files + first, " "), put_zsh_extension);
        printf(")\"'");
    }
    printf("\n    ;;\n");
}

static void zsh_end(void)
{
    printf("  esac\n}\n\n_solstice \"$@\"\n");
}

/* ---- fish ---- */

static const char fish_quote[] = "\\'";

static void fish_begin(void)
{
    printf("# fish completion for solstice; made by \"solstice completion fish\".\n\n"
           "function __solstice_is\n"
           "    set -l words (commandline -opc)\n"
           "    test (count $words) -gt 1; and test $words[2] = $argv[1]\n"
           "end\n\n"
           "function __solstice_begins\n"
           "    test (count (commandline -opc)) -eq 1\n"
           "end\n\n"
           "# Folders, and files with one of the extensions given.\n"
           "function __solstice_files\n"
           "    set -l extensions (string join '|' $argv)\n"
           "    __fish_complete_path (commandline -ct) | string replace -r '\\t.*' '' |\n"
           "        string match -r \"^.*(?:/|\\.(?:$extensions))\\$\"\n"
           "end\n\n"
           "complete -c solstice -f\n"
           "complete -c solstice -n __solstice_begins -l version -d 'print the version'\n"
           "complete -c solstice -s h -l help -d 'print the help'\n");
    for (int i = 0; sol_commands[i]; i++) {
        printf("complete -c solstice -n __solstice_begins -a %s -d '", sol_commands[i]->name);
        put_quoted(sol_commands[i]->summary, fish_quote, "\\");
        printf("'\n");
    }
}

static void fish_begin_command(const Command *command)
{
    printf("\n# %s\n", command->name);
}

static void fish_option(const Command *command, const Option *option)
{
    char text[TEXT_SIZE];
    printf("complete -c solstice -n '__solstice_is %s' ", command->name);
    if (option->letter)
        printf("-s %c ", option->letter);
    printf("-l %s", option->name);
    if (option->kind != OPTION_FLAG)
        printf(takes_file(option) ? " -r" : " -x");
    if (takes_file(option))
        printf(" -F");
    if (option->kind == OPTION_MODEL)
        printf(" -a '(solstice models --names 2>/dev/null)'");
    if (has_values(option)) {
        printf(" -a '");
        each_value(option, put_word);
        printf("'");
    }
    describe(command, option->name, text);
    if (*text) {
        printf(" -d '");
        put_quoted(text, fish_quote, "\\");
        printf("'");
    }
    printf("\n");
}

static void fish_end_command(const Command *command)
{
    if (command->words) {
        printf("complete -c solstice -n '__solstice_is %s' -a '", command->name);
        each_operand(command, put_word);
        printf("%s'\n", names_models(command) ? " (solstice models --names 2>/dev/null)" : "");
    }
    if (command->files) {
        printf("complete -c solstice -n '__solstice_is %s' -a '(__solstice_files", command->name);
        each_word(command->files, put_word);
        printf(")'\n");
    }
}

static void fish_end(void)
{
}

/* ---- the command ---- */

static const Shell shells[] = {
    {"bash", bash_begin, bash_begin_command, bash_option, bash_end_command, bash_end},
    {"zsh", zsh_begin, zsh_begin_command, zsh_option, zsh_end_command, zsh_end},
    {"fish", fish_begin, fish_begin_command, fish_option, fish_end_command, fish_end},
};

/* One shell's view of one command, for visit_options(). */
typedef struct View {
    const Shell *shell;
    const Command *command;
} View;

static void put_options(void *user, const Option options[])
{
    const View *view = user;
    for (const Option *o = options; o->name; o++)
        view->shell->option(view->command, o);
}

static void put_script(const Shell *shell)
{
    shell->begin();
    for (int i = 0; sol_commands[i]; i++) {
        View view = {shell, sol_commands[i]};
        shell->begin_command(view.command);
        visit_options(view.command, put_options, &view);
        shell->end_command(view.command);
    }
    shell->end();
}

static int run(int argc, char **argv)
{
    TextList operands = {0};
    int status = read_arguments(&sol_command_completion, argc, argv, (const Option[]){{0}}, &operands, 1, 1);
    const Shell *shell = NULL;
    for (size_t i = 0; status < 0 && i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, operands.items[0]) == 0)
            shell = &shells[i];
    if (shell) {
        put_script(shell);
        status = EXIT_DONE;
    } else if (status < 0) {
        complain("completion: no script for \"%s\"; there are bash, zsh and fish", operands.items[0]);
        status = EXIT_USAGE;
    }
    free(operands.items);
    return status;
}

const Command sol_command_completion = {
    .name = "completion",
    .arguments = "bash | zsh | fish",
    .summary = "print a script with which a shell completes arguments",
    .help = "Prints a script that lets a shell complete commands, options, their values, models and files.\n"
            "\"make install\" puts it where each shell looks for it. To try it in the shell at hand:\n\n"
            "  bash:  source <(solstice completion bash)\n"
            "  zsh:   solstice completion zsh > ~/.zfunc/_solstice   (a folder in $fpath, before compinit)\n"
            "  fish:  solstice completion fish | source\n",
    .words = "bash zsh fish",
    .run = run,
};
