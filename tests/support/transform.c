/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform networks of the reference material, imported.
 */
#include "support/transform.h"

#include "support/support.h"

#include "base/error.h"
#include "model/import.h"

#include <unistd.h>

void need_transform_nets(void)
{
    if (access(SHARED_DATA "/models/transform-net/wave.safetensors", R_OK) != 0) {
        print_message("%s is not there\n", SHARED_DATA "/models/transform-net");
        skip();
    }
}

void write_transform_net(const char *path, const char *name)
{
    static const char *const folders[] = {"models", NULL};
    char source[256];
    const char *const files[] = {source};
    SolImport *import = NULL;
    snprintf(source, sizeof source, SHARED_DATA "/models/transform-net/%s.safetensors", name);
    if (sol_import_open(&import, files, 1, NULL, folders) != SOL_OK ||
        sol_import_write(import, path, true) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_import_close(&import);
}
