/* SPDX-License-Identifier: Apache-2.0
 *
 * What the program asks of the machine it runs on: memory, the processor's name, where models are.
 */
#include "cli/cli.h"

#include <solstice/style.h>

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <sys/sysctl.h>
#endif

enum { MAX_FOLDERS = 16 };

int64_t peak_memory(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
#ifdef __APPLE__
    return (int64_t)usage.ru_maxrss;
#else
    return (int64_t)usage.ru_maxrss * 1024;
#endif
}

const char *processor_name(char text[128])
{
    snprintf(text, 128, "unknown processor");
#ifdef __APPLE__
    size_t size = 128;
    sysctlbyname("machdep.cpu.brand_string", text, &size, NULL, 0);
#else
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(text, 128, "%.127s", strchr(line, ':') + 2);
            break;
        }
    if (file)
        fclose(file);
#endif
    return text;
}

/* The folder that the running program lies in, or NULL. */
static char *program_folder(void)
{
    char path[4096];
#ifdef __APPLE__
    uint32_t size = sizeof path;
    if (_NSGetExecutablePath(path, &size) != 0)
        return NULL;
#else
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
#endif
    return sol_path_folder(path);
}

static void add_folder(const char *folders[], int *count, char *folder)
{
    if (folder && *count < MAX_FOLDERS && sol_path_is_folder(folder))
        folders[(*count)++] = folder;
    else
        free(folder);
}

char *user_model_folder(void)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && *data == '/') /* others are to be ignored, says the XDG Base Directory Specification */
        return sol_path_join(data, "solstice/models");
    return home && *home ? sol_path_join(home, ".local/share/solstice/models") : NULL;
}

const char *const *model_folders(void)
{
    static const char *folders[MAX_FOLDERS + 1];
    static const char *const beside[] = {"../models", "../../models", "../share/solstice/models"};
    static bool known;
    const char *list = getenv("SOLSTICE_MODELS");
    char *program;
    int count = 0;
    if (known)
        return folders;
    while (list && *list) {
        size_t length = strcspn(list, ":");
        add_folder(folders, &count, strndup(list, length));
        list += length + (list[length] == ':');
    }
    add_folder(folders, &count, user_model_folder());
    program = program_folder();
    for (size_t i = 0; program && i < sizeof beside / sizeof *beside; i++) {
        char *path = sol_path_join(program, beside[i]), *real = path ? realpath(path, NULL) : NULL;
        free(path);
        add_folder(folders, &count, real);
    }
    free(program);
    known = true;
    return folders;
}

int open_model(const char *name, const char *method, SolModel **model)
{
    char *path;
    int result = method ? sol_engine_check_method(method) : SOL_OK;
    if (result != SOL_OK)
        return report_failure(result);
    result = name ? sol_model_find(&path, name, NULL, model_folders())
                  : sol_model_find_for(&path, method, model_folders());
    if (result != SOL_OK) {
        report_failure(result);
        return EXIT_USAGE;
    }
    result = sol_model_open(model, path);
    free(path);
    return result == SOL_OK ? 0 : report_failure(result);
}
