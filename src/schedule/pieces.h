/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of a schedule's mappings have in common.
 */
#ifndef SOL_SCHEDULE_PIECES_H
#define SOL_SCHEDULE_PIECES_H

#include <stdbool.h>

#include <solstice/image.h>

#include "schedule/yaml.h"

/** An error where `mapping`, which is `what` in words, has no such key. */
int sol_yaml_need(const SolYaml *yaml, const SolYamlNode *mapping, const SolYamlPair *pair, const char *what,
                  const char *key, const char *advice);

/** A copy of a text, freed with free(); left as it is where the key is absent. */
int sol_yaml_copy(const SolYaml *yaml, const SolYamlPair *pair, char **copy);

/** Frames a second; left as they are where the key is absent. */
int sol_yaml_rate(const SolYaml *yaml, const SolYamlPair *pair, const char *wanted, SolRational *rate);

/** Yes or no, also written true or false; left as it is where the key is absent. */
int sol_yaml_flag(const SolYaml *yaml, const SolYamlPair *pair, bool *flag);

/* One of the words of a list. */
typedef struct SolWord {
    const char *text;
    int index;
} SolWord;

/** The first word that repeats an earlier one: its index, or -1; *earlier is that one's. Sorts `words`. */
int sol_find_repeated(SolWord *words, int count, int *earlier);

#endif
