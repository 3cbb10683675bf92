/* SPDX-License-Identifier: Apache-2.0
 *
 * The comment in a film.
 */
#include "render/comment.h"

#include "base/digest.h"

#include <solstice/version.h>

#include <stdio.h>

int sol_comment_write(char comment[SOL_COMMENT_SIZE], const SolSchedule *schedule)
{
    SolDigester *digester = NULL;
    SolDigest digest;
    char text[33];
    int result;
    snprintf(comment, SOL_COMMENT_SIZE, "Solstice %s", SOL_VERSION);
    if (!schedule)
        return SOL_OK;
    result = sol_digester_open(&digester);
    if (result == SOL_OK)
        result = sol_digester_add_file(digester, schedule->path);
    if (result == SOL_OK) {
        digest = sol_digester_finish(digester);
        snprintf(comment, SOL_COMMENT_SIZE, "Solstice %s, schedule %s", SOL_VERSION, sol_digest_text(&digest, text));
    }
    sol_digester_close(&digester);
    return result;
}
