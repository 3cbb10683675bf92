/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML document with typed access, in which everything has a place to point at when it is wrong.
 *
 * Getters take a pair as sol_yaml_mapping() found it. One whose key is not in the file leaves the output
 * as it is and succeeds, so that the output's former value is the default. All failures are
 * SOL_ERR_SCHEDULE with the text "FILE:LINE:COLUMN: what is wrong, and what would be right".
 */
#ifndef SOL_SCHEDULE_YAML_H
#define SOL_SCHEDULE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct SolYaml SolYaml;
typedef struct yaml_node_s SolYamlNode;

/* A character in a file; lines and columns (in characters) count from 1. */
typedef struct SolPlace {
    const char *file; /* as the user gave it; borrowed */
    int line, column;
} SolPlace;

/* A key of a mapping and its value; both NULL where the mapping does not have it. */
typedef struct SolYamlPair {
    const SolYamlNode *key, *value;
} SolYamlPair;

/** As sol_fail(SOL_ERR_SCHEDULE, ...) with "FILE:LINE:COLUMN: " in front. */
int sol_fail_at(SolPlace place, const char *format, ...) SOL_PRINTF(2, 3);

/** Fails, at a place, with why `path` cannot be read, as errno has it. `what` is the file in words: "style". */
int sol_fail_path_at(SolPlace place, const char *what, const char *path);

/**
 * Reads a file of one UTF-8 YAML document, at most 4 MiB, without tags.
 *
 * @param[out] yaml  untouched on failure; released by sol_yaml_close()
 * @param path       borrowed until the document is closed, and by every SolPlace
 * @return 0, SOL_ERR_IO (cannot be read), SOL_ERR_SCHEDULE (syntax), SOL_ERR_NOMEM
 */
int sol_yaml_open(SolYaml **yaml, const char *path);

/** Sets *yaml to NULL; NULL is accepted. */
void sol_yaml_close(SolYaml **yaml);

/** The outermost node. */
const SolYamlNode *sol_yaml_root(const SolYaml *yaml);

SolPlace sol_yaml_place(const SolYaml *yaml, const SolYamlNode *node);

/** Whether a node is one of YAML's ways to say that there is no value: nothing at all, ~, null. */
bool sol_yaml_is_null(const SolYamlNode *node);

/** The pair in the mapping `node` with the key `key`, or an absent one; `node` may be of any kind. */
SolYamlPair sol_yaml_find(const SolYaml *yaml, const SolYamlNode *node, const char *key);

/**
 * Sorts the pairs of the mapping `node` by `keys` (NULL-terminated): pairs[i] is that of keys[i].
 * Refuses keys of other names and keys that are there twice. `what` is the mapping in words, for
 * errors: "a segment".
 */
int sol_yaml_mapping(const SolYaml *yaml, const SolYamlNode *node, const char *what, const char *const keys[],
                     SolYamlPair pairs[]);

/**
 * A mapping whose keys are not known beforehand, of one pair or more. The pairs follow with sol_yaml_entry(), as they
 * stand in the file; nothing is said of keys that are no words, or are there twice.
 */
int sol_yaml_entries(const SolYaml *yaml, const SolYamlPair *pair, int *count);

/** Pair `i`, from 0, of a mapping; absent where it has fewer. */
SolYamlPair sol_yaml_entry(const SolYaml *yaml, const SolYamlPair *pair, int i);

/** The key as it is written; NULL where it is a list or a mapping, or the pair is absent. */
const char *sol_yaml_key(const SolYamlPair *pair);

bool sol_yaml_is_mapping(const SolYamlNode *node);
bool sol_yaml_is_sequence(const SolYamlNode *node);

/** A sequence of one item or more. The items follow with sol_yaml_item(). */
int sol_yaml_sequence(const SolYaml *yaml, const SolYamlPair *pair, int *count);

/** Item `i`, from 0, of a sequence. */
const SolYamlNode *sol_yaml_item(const SolYaml *yaml, const SolYamlPair *pair, int i);

/** Text of one character or more, none of them a control character; it belongs to the document. */
int sol_yaml_text(const SolYaml *yaml, const SolYamlPair *pair, const char **text);

/** The value as it is written, to be parsed, "" where it is empty; NULL for a list, a mapping or an absent pair. */
const char *sol_yaml_scalar(const SolYamlPair *pair);

/** A whole number in low..high. */
int sol_yaml_int(const SolYaml *yaml, const SolYamlPair *pair, int low, int high, int *value);

/** A number in low..high. */
int sol_yaml_number(const SolYaml *yaml, const SolYamlPair *pair, double low, double high, double *value);

/** One of two words: *value is whether it is `yes`, and not `no`. */
int sol_yaml_choice(const SolYaml *yaml, const SolYamlPair *pair, const char *yes, const char *no, bool *value);

/** Fails, at the value of `pair`: "KEY" must be WANTED, not what is there. */
int sol_yaml_fail_value(const SolYaml *yaml, const SolYamlPair *pair, const char *wanted);

#endif
