/* SPDX-License-Identifier: Apache-2.0
 *
 * Published networks of the reference material, imported.
 */
#include "support/published.h"

#include "support/support.h"

#include "base/error.h"
#include "model/import.h"

#include <unistd.h>

enum { LEVELS = 5 };

bool has_published(void)
{
    return access(SHARED_DATA "/models/transform-net/wave.safetensors", R_OK) == 0;
}

void need_published(void)
{
    if (!has_published()) {
        print_message("%s is not there\n", SHARED_DATA "/models");
        skip();
    }
}

static void write_import(const char *path, const char *const files[], size_t count)
{
    static const char *const folders[] = {"models", NULL};
    SolImport *import = NULL;
    if (sol_import_open(&import, files, count, NULL, folders) != SOL_OK ||
        sol_import_write(import, path, true) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_import_close(&import);
}

void write_transform_net(const char *path, const char *name)
{
    char source[256];
    const char *const files[] = {source};
    snprintf(source, sizeof source, SHARED_DATA "/models/transform-net/%s.safetensors", name);
    write_import(path, files, 1);
}

void write_distilled_wct(const char *path)
{
    char sources[2 * LEVELS][256];
    const char *files[2 * LEVELS];
    for (int i = 0; i < 2 * LEVELS; i++) {
        snprintf(sources[i], sizeof sources[i], SHARED_DATA "/models/distilled-vgg19/%s%d.pth",
                 i % 2 ? "decoder" : "encoder", i / 2 + 1);
        files[i] = sources[i];
    }
    write_import(path, files, 2 * LEVELS);
}

void write_distilled_features(const char *path)
{
    static const char *const files[] = {SHARED_DATA "/models/distilled-vgg19/encoder5.pth"};
    write_import(path, files, 1);
}
