/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces from which the readers of mappings are made.
 */
#include "schedule/pieces.h"

#include "base/error.h"
#include "base/text.h"
#include "schedule/values.h"

#include <stdlib.h>
#include <string.h>

int sol_yaml_need(const SolYaml *yaml, const SolYamlNode *mapping, const SolYamlPair *pair, const char *what,
                const char *key, const char *advice)
{
    if (pair->key)
        return SOL_OK;
    return sol_fail_at(sol_yaml_place(yaml, mapping), "%s has no \"%s\"; %s", what, key, advice);
}

int sol_yaml_copy(const SolYaml *yaml, const SolYamlPair *pair, char **copy)
{
    const char *text = NULL;
    int result = sol_yaml_text(yaml, pair, &text);
    if (result == SOL_OK && text && !(*copy = sol_copy(text)))
        result = sol_fail_memory("the schedule");
    return result;
}

int sol_yaml_rate(const SolYaml *yaml, const SolYamlPair *pair, const char *wanted, SolRational *rate)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_rate(text, rate)))
        return sol_yaml_fail_value(yaml, pair, wanted);
    return SOL_OK;
}

int sol_yaml_flag(const SolYaml *yaml, const SolYamlPair *pair, bool *flag)
{
    const char *text = sol_yaml_scalar(pair);
    bool yes = text && (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0);
    bool no = text && (strcmp(text, "no") == 0 || strcmp(text, "false") == 0);
    if (!pair->value)
        return SOL_OK;
    if (!yes && !no)
        return sol_yaml_fail_value(yaml, pair, "yes or no");
    *flag = yes;
    return SOL_OK;
}

static int compare_words(const void *a, const void *b)
{
    const SolWord *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

int sol_find_repeated(SolWord *words, int count, int *earlier)
{
    int repeated = -1;
    qsort(words, (size_t)count, sizeof *words, compare_words);
    for (int i = 1; i < count; i++)
        if (strcmp(words[i].text, words[i - 1].text) == 0 && (repeated < 0 || words[i].index < repeated)) {
            repeated = words[i].index;
            *earlier = words[i - 1].index;
        }
    return repeated;
}
