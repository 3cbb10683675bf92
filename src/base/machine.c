/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory: what the system says of the machine's, and what limits of control groups leave of it.
 */
#include "base/machine.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

bool sol_parse_bytes(const char *text, uint64_t least, uint64_t *bytes)
{
    static const char *const prefixes = "KMGT";
    size_t length = strspn(text, "0123456789.");
    const char *unit = text + length + strspn(text + length, " "), *prefix = *unit ? strchr(prefixes, *unit) : NULL;
    char number[32];
    double value, base = 1024;
    if (length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!sol_parse_number(number, &value))
        return false;
    if (prefix) {
        unit++;
        if (strcmp(unit, "B") == 0)
            base = 1000;
        else if (*unit && strcmp(unit, "iB") != 0)
            return false;
        for (const char *p = prefixes; p <= prefix; p++)
            value *= base;
    } else if ((*unit && strcmp(unit, "B") != 0) || (!*unit && text[length])) {
        return false;
    }
    if (value < (double)least || value >= (double)INT64_MAX)
        return false;
    *bytes = (uint64_t)value;
    return true;
}

bool sol_parse_memory(const char *text, uint64_t *bytes)
{
    return sol_parse_bytes(text, SOL_MEMORY_MIN, bytes);
}

#ifdef __linux__

/* The number in a file of one line; `most` where there is none ("max", or no such file). */
static uint64_t read_limit(const char *path, uint64_t most)
{
    FILE *file = fopen(path, "r");
    char line[64] = "";
    int64_t limit = 0;
    if (!file)
        return most;
    if (fgets(line, sizeof line, file))
        line[strcspn(line, "\n")] = '\0';
    fclose(file);
    return sol_parse_int(line, 1, INT64_MAX, &limit) && (uint64_t)limit < most ? (uint64_t)limit : most;
}

/* The least of `most` and what the process's control group and those around it may use. */
static uint64_t limit_by_groups(uint64_t most)
{
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[1024] = "", path[sizeof line + 64], *slash;
    while (file && fgets(line, sizeof line, file) && strncmp(line, "0::/", 4) != 0)
        line[0] = '\0';
    if (file)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
    while ((slash = strrchr(line, '/'))) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", line + 3);
        most = read_limit(path, most);
        *slash = '\0';
    }
    snprintf(path, sizeof path, "/sys/fs/cgroup/memory.max"); /* of a container that sees itself as the root */
    return read_limit(path, most);
}

#else

static uint64_t limit_by_groups(uint64_t most)
{
    return most;
}

#endif

static uint64_t physical_memory(void)
{
#ifdef __APPLE__
    uint64_t bytes = 0;
    size_t size = sizeof bytes;
    return sysctlbyname("hw.memsize", &bytes, &size, NULL, 0) == 0 ? bytes : 0;
#else
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
#endif
}

uint64_t sol_machine_memory(void)
{
    uint64_t bytes = physical_memory();
    return limit_by_groups(bytes > 0 ? bytes : (uint64_t)4 << 30);
}
