/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder: the bytes ask for sizes, a look, delays and pictures; what is made of them is read back and compared
 * (tests/support/gif_cases.h).
 */
#include "fuzz/fuzz.h"

#include "support/gif_cases.h"

static char path[] = "/tmp/solstice-fuzz-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    const char *wrong;
    if (file < 0) {
        file = mkstemp(path);
        require(file >= 0 && atexit(remove_file) == 0);
    }
    wrong = gif_case(data, size, path);
    if (wrong)
        fprintf(stderr, "%s\n", wrong);
    require(!wrong);
    return 0;
}
