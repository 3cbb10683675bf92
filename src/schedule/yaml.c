/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML documents through libyaml. A file is read whole and gone through twice: once by its events,
 * which refuses what no schedule needs and what would make libyaml slow (deep nesting, a great many
 * anchors), and once to build the tree. libyaml's own messages are translated here and nowhere else.
 */
#include "schedule/yaml.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
    MAX_BYTES = 4 << 20,
    MAX_DEPTH = 32,
    MAX_ANCHORS = 256,
    SHOWN_BYTES = 60 /* of a value that is quoted in an error */
};

struct SolYaml {
    const char *path;
    unsigned char *text;
    size_t length;
    yaml_document_t document;
    bool loaded; /* `document` must be deleted */
};

/* ---- places ---- */

int sol_fail_at(SolPlace place, const char *format, ...)
{
    char text[1536];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sol_fail(SOL_ERR_SCHEDULE, "%s:%d:%d: %s", place.file, place.line, place.column, text);
}

int sol_fail_path_at(SolPlace place, const char *what, const char *path)
{
    if (errno != ENOENT && errno != ENOTDIR)
        return sol_fail_at(place, "%s %s cannot be read: %s", what, path, strerror(errno));
    return sol_fail_at(place, "there is no %s %s%s", what, path,
                       *path == '/' ? "" : "; paths count from the schedule's folder");
}

static SolPlace place_of_mark(const SolYaml *yaml, yaml_mark_t mark)
{
    return (SolPlace){yaml->path, (int)mark.line + 1, (int)mark.column + 1};
}

/* The place of byte number `offset`. */
static SolPlace place_of_offset(const SolYaml *yaml, size_t offset)
{
    SolPlace place = {yaml->path, 1, 1};
    for (size_t i = 0; i < offset && i < yaml->length; i++) {
        unsigned char c = yaml->text[i];
        bool line_end = c == '\n' || (c == '\r' && (i + 1 == yaml->length || yaml->text[i + 1] != '\n'));
        if (line_end) {
            place.line++;
            place.column = 1;
        } else if ((c & 0xC0) != 0x80) { /* the first byte of a character */
            place.column++;
        }
    }
    return place;
}

/* The byte that begins the character at `mark`; 0 at the end. */
static int character_at(const SolYaml *yaml, yaml_mark_t mark)
{
    size_t left = mark.index;
    for (size_t i = 0; i < yaml->length; i++)
        if ((yaml->text[i] & 0xC0) != 0x80 && left-- == 0)
            return yaml->text[i];
    return 0;
}

SolPlace sol_yaml_place(const SolYaml *yaml, const SolYamlNode *node)
{
    return place_of_mark(yaml, node->start_mark);
}

/* ---- syntax ---- */

/* libyaml's description of a syntax error, and what a user can do with it. */
typedef struct Translation {
    const char *theirs, *ours;
    bool at_opening; /* the error is best shown where the unfinished thing began */
} Translation;

static const Translation translations[] = {
    {"mapping values are not allowed in this context",
     "a \":\" that does not belong here; check the indentation, or quote a text that holds \": \"", false},
    {"found unexpected ':'", "a \":\" that does not belong here; a space follows the colon behind a key", false},
    {"mapping keys are not allowed in this context", "a key that does not belong here; check the indentation", false},
    {"block sequence entries are not allowed in this context",
     "a list item does not belong here; begin the list on a line of its own, or write [a, b]", false},
    {"could not find expected ':'", "a key without a value; write \"key: value\"", true},
    {"did not find expected key", "a key was expected here; check the indentation and the quotes", false},
    {"did not find expected '-' indicator",
     "the next list item (\"- \") was expected here; check the indentation", false},
    {"did not find expected ',' or ']'", "the list that begins here is not closed; end it with \"]\"", true},
    {"did not find expected ',' or '}'", "the mapping that begins here is not closed; end it with \"}\"", true},
    {"did not find expected node content", "a value was expected here", false},
    {"did not find expected comment or line break", "the text of a block (\"|\" or \">\") begins on the next line",
     false},
    {"found unexpected end of stream", "the quote that opens here is never closed", true},
    {"found unexpected document indicator", "the quote that opens here is never closed", true},
    {"found unknown escape character",
     "an unknown escape; in double quotes a backslash is written \\\\, in single quotes as it is", false},
    {"did not find expected hexdecimal number", "hexadecimal digits were expected in this escape", false},
    {"found a tab character that violates indentation", "a tab character; indent with spaces", false},
    {"found a tab character where an indentation space is expected", "a tab character; indent with spaces", false},
    {"found undefined alias", "an alias (\"*name\") whose anchor (\"&name\") is not defined above", false},
    {"did not find expected alphabetic or numeric character",
     "a name was expected here; quote a text that begins with \"*\" or \"&\"", false},
    {"second occurrence", "an anchor of this name is already defined above; choose another name", false},
    {"found incompatible YAML document", "a YAML version that is not understood; remove the %YAML line", false},
    {"did not find expected <document start>", "a second document begins here; a schedule is one document", false},
};

/* An error in the characters themselves, not in how they are put together. */
static int fail_characters(const SolYaml *yaml, const yaml_parser_t *parser)
{
    SolPlace place = place_of_offset(yaml, parser->problem_offset);
    if (!parser->problem || strcmp(parser->problem, "control characters are not allowed") != 0)
        return sol_fail_at(place, "not UTF-8 text; save the schedule as UTF-8");
    if (parser->problem_value == 0)
        return sol_fail_at(place, "a NUL character; a schedule is a text file");
    return sol_fail_at(place, "the control character U+%04X; remove it", (unsigned)parser->problem_value);
}

static int fail_syntax(const SolYaml *yaml, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "not YAML";
    SolPlace place = place_of_mark(yaml, parser->problem_mark);
    if (parser->error == YAML_MEMORY_ERROR)
        return sol_fail_memory("the schedule");
    if (parser->error == YAML_READER_ERROR)
        return fail_characters(yaml, parser);
    if (strcmp(problem, "found character that cannot start any token") == 0) {
        int c = character_at(yaml, parser->problem_mark);
        if (c == '\t')
            return sol_fail_at(place, "a tab character; indent with spaces");
        if (c > ' ' && c < 0x7F)
            return sol_fail_at(place, "a text cannot begin with \"%c\"; put it in quotes", c);
    }
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++)
        if (strcmp(problem, translations[i].theirs) == 0) {
            if (translations[i].at_opening && parser->context)
                place = place_of_mark(yaml, parser->context_mark);
            return sol_fail_at(place, "%s", translations[i].ours);
        }
    return sol_fail_at(place, "not YAML: %s", problem);
}

/* What the first pass has seen. */
typedef struct Survey {
    int documents, depth, anchors;
} Survey;

static int survey_event(const SolYaml *yaml, const yaml_event_t *event, Survey *survey)
{
    SolPlace place = place_of_mark(yaml, event->start_mark);
    const yaml_char_t *tag = NULL, *anchor = NULL;
    int deeper = 0;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++survey->documents > 1)
            return sol_fail_at(place, "a second document begins here; a schedule is one document");
        break;
    case YAML_SCALAR_EVENT:
        tag = event->data.scalar.tag;
        anchor = event->data.scalar.anchor;
        break;
    case YAML_SEQUENCE_START_EVENT:
        tag = event->data.sequence_start.tag;
        anchor = event->data.sequence_start.anchor;
        deeper = 1;
        break;
    case YAML_MAPPING_START_EVENT:
        tag = event->data.mapping_start.tag;
        anchor = event->data.mapping_start.anchor;
        deeper = 1;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        deeper = -1;
        break;
    default:
        break;
    }
    if (tag)
        return sol_fail_at(place, "a tag (\"!...\"), which has no meaning in a schedule; remove it");
    if (anchor && ++survey->anchors > MAX_ANCHORS)
        return sol_fail_at(place, "more than %d anchors", MAX_ANCHORS);
    survey->depth += deeper;
    if (survey->depth > MAX_DEPTH)
        return sol_fail_at(place, "lists and mappings nested deeper than %d", MAX_DEPTH);
    return SOL_OK;
}

/* The first pass. */
static int survey_text(const SolYaml *yaml, yaml_parser_t *parser)
{
    Survey survey = {0};
    bool end = false;
    int result = SOL_OK;
    while (!end && result == SOL_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return fail_syntax(yaml, parser);
        end = event.type == YAML_STREAM_END_EVENT;
        result = survey_event(yaml, &event, &survey);
        yaml_event_delete(&event);
    }
    return result;
}

/* The second pass. */
static int load_document(SolYaml *yaml, yaml_parser_t *parser)
{
    const SolYamlNode *root;
    if (!yaml_parser_load(parser, &yaml->document))
        return fail_syntax(yaml, parser);
    yaml->loaded = true;
    root = yaml_document_get_root_node(&yaml->document);
    if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
        return sol_fail_at((SolPlace){yaml->path, 1, 1}, "the schedule is empty; begin with \"version: 1\"");
    return SOL_OK;
}

/* Sets a parser up on the text and hands it to one of the passes. */
static int parse(SolYaml *yaml, bool load)
{
    yaml_parser_t parser;
    int result;
    if (!yaml_parser_initialize(&parser))
        return sol_fail_memory("the schedule");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, yaml->text, yaml->length);
    result = load ? load_document(yaml, &parser) : survey_text(yaml, &parser);
    yaml_parser_delete(&parser);
    return result;
}

/* Reads the file, which may be a pipe, into yaml->text, without a byte order mark. */
static int read_text(SolYaml *yaml)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    FILE *file = fopen(yaml->path, "rb");
    size_t capacity = 0, got;
    int result = SOL_OK;
    if (!file)
        return sol_fail_errno(yaml->path, "cannot be read");
    do {
        if (!sol_grow((void **)&yaml->text, &capacity, yaml->length + 4096, 1)) {
            result = sol_fail_memory("the schedule");
            break;
        }
        got = fread(yaml->text + yaml->length, 1, capacity - yaml->length, file);
        yaml->length += got;
    } while (got > 0 && yaml->length <= MAX_BYTES);
    if (result == SOL_OK && ferror(file))
        result = sol_fail_errno(yaml->path, "cannot be read");
    else if (result == SOL_OK && yaml->length > MAX_BYTES)
        result = sol_fail_at((SolPlace){yaml->path, 1, 1}, "larger than %d MiB; is this a schedule?", MAX_BYTES >> 20);
    fclose(file);
    if (yaml->length >= sizeof mark && memcmp(yaml->text, mark, sizeof mark) == 0)
        memmove(yaml->text, yaml->text + sizeof mark, yaml->length -= sizeof mark);
    return result;
}

int sol_yaml_open(SolYaml **out, const char *path)
{
    SolYaml *yaml = sol_calloc(1, sizeof *yaml);
    int result;
    if (!yaml)
        return sol_fail_memory("the schedule");
    yaml->path = path;
    if ((result = read_text(yaml)) || (result = parse(yaml, false)) || (result = parse(yaml, true))) {
        sol_yaml_close(&yaml);
        return result;
    }
    *out = yaml;
    return SOL_OK;
}

void sol_yaml_close(SolYaml **out)
{
    SolYaml *yaml = *out;
    if (!yaml)
        return;
    if (yaml->loaded)
        yaml_document_delete(&yaml->document);
    free(yaml->text);
    sol_free(yaml);
    *out = NULL;
}

/* ---- nodes ---- */

static const SolYamlNode *node_of(const SolYaml *yaml, int index)
{
    return yaml->document.nodes.start + index - 1;
}

const SolYamlNode *sol_yaml_root(const SolYaml *yaml)
{
    return node_of(yaml, 1);
}

static const char *text_of(const SolYamlNode *node)
{
    return (const char *)node->data.scalar.value;
}

bool sol_yaml_is_null(const SolYamlNode *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (strcmp(text_of(node), nulls[i]) == 0)
            return true;
    return false;
}

/* Whether a byte (and the one after it) is a control character, C0, DEL or C1. */
static bool is_control(unsigned char c, unsigned char next)
{
    return c < 0x20 || c == 0x7F || (c == 0xC2 && next >= 0x80 && next < 0xA0);
}

/* Says in `words` what a node is, as the end of a sentence: a list, "512", empty. */
static const char *describe(const SolYamlNode *node, char words[SHOWN_BYTES + 8])
{
    const unsigned char *text;
    size_t length, shown, at = 0;
    if (node->type == YAML_SEQUENCE_NODE)
        return "a list";
    if (node->type == YAML_MAPPING_NODE)
        return "a mapping";
    if (sol_yaml_is_null(node))
        return "empty";
    text = node->data.scalar.value;
    length = node->data.scalar.length;
    shown = length > SHOWN_BYTES ? SHOWN_BYTES : length;
    while (shown < length && (text[shown] & 0xC0) == 0x80)
        shown--; /* not within a character */
    words[at++] = '"';
    for (size_t i = 0; i < shown; i++)
        words[at++] = is_control(text[i], text[i + 1]) ? '?' : (char)text[i];
    snprintf(words + at, 5, "%s\"", shown < length ? "..." : "");
    return words;
}

int sol_yaml_fail_value(const SolYaml *yaml, const SolYamlPair *pair, const char *wanted)
{
    char words[SHOWN_BYTES + 8];
    return sol_fail_at(sol_yaml_place(yaml, pair->value), "\"%s\" must be %s, not %s", text_of(pair->key), wanted,
                       describe(pair->value, words));
}

/* ---- mappings ---- */

static bool key_is(const SolYamlNode *key, const char *name)
{
    return key->type == YAML_SCALAR_NODE && key->data.scalar.length == strlen(name) && strcmp(text_of(key), name) == 0;
}

SolYamlPair sol_yaml_find(const SolYaml *yaml, const SolYamlNode *node, const char *name)
{
    SolYamlPair found = {NULL, NULL};
    if (node->type != YAML_MAPPING_NODE)
        return found;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
        if (key_is(node_of(yaml, p->key), name))
            return (SolYamlPair){node_of(yaml, p->key), node_of(yaml, p->value)};
    return found;
}

/* "a, b, c", cut where it does not fit. */
static void join_names(char *list, size_t size, const char *const names[])
{
    size_t at = 0;
    list[0] = '\0';
    for (int i = 0; names[i] && at < size; i++)
        at += (size_t)snprintf(list + at, size - at, "%s%s", i ? ", " : "", names[i]);
}

static int fail_unknown_key(const SolYaml *yaml, const SolYamlNode *key, const char *what, const char *const keys[])
{
    char words[SHOWN_BYTES + 8], list[512];
    SolPlace place = sol_yaml_place(yaml, key);
    const char *nearest;
    if (key->type != YAML_SCALAR_NODE)
        return sol_fail_at(place, "a key must be a word, not %s", describe(key, words));
    if (key_is(key, "<<"))
        return sol_fail_at(place, "unknown key \"<<\"; merging is not supported, write the keys out");
    if (sol_yaml_is_null(key))
        return sol_fail_at(place, "a key without a name; write \"key: value\"");
    nearest = sol_nearest(text_of(key), keys);
    if (nearest)
        return sol_fail_at(place, "unknown key %s; did you mean \"%s\"?", describe(key, words), nearest);
    join_names(list, sizeof list, keys);
    return sol_fail_at(place, "unknown key %s; the keys of %s are %s", describe(key, words), what, list);
}

int sol_yaml_mapping(const SolYaml *yaml, const SolYamlNode *node, const char *what, const char *const keys[],
                     SolYamlPair pairs[])
{
    char words[SHOWN_BYTES + 8];
    if (node->type != YAML_MAPPING_NODE)
        return sol_fail_at(sol_yaml_place(yaml, node), "%s must be a mapping (\"key: value\"), not %s", what,
                           describe(node, words));
    for (int i = 0; keys[i]; i++)
        pairs[i] = (SolYamlPair){NULL, NULL};
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const SolYamlNode *key = node_of(yaml, p->key);
        int i = 0;
        while (keys[i] && !key_is(key, keys[i]))
            i++;
        if (!keys[i])
            return fail_unknown_key(yaml, key, what, keys);
        if (pairs[i].key)
            return sol_fail_at(sol_yaml_place(yaml, key), "\"%s\" is given twice, first on line %d; keep one", keys[i],
                               sol_yaml_place(yaml, pairs[i].key).line);
        pairs[i] = (SolYamlPair){key, node_of(yaml, p->value)};
    }
    return SOL_OK;
}

bool sol_yaml_is_mapping(const SolYamlNode *node)
{
    return node->type == YAML_MAPPING_NODE;
}

bool sol_yaml_is_sequence(const SolYamlNode *node)
{
    return node->type == YAML_SEQUENCE_NODE;
}

int sol_yaml_entries(const SolYaml *yaml, const SolYamlPair *pair, int *count)
{
    const SolYamlNode *node = pair->value;
    if (!node)
        return SOL_OK;
    if (node->type != YAML_MAPPING_NODE)
        return sol_yaml_fail_value(yaml, pair, "a mapping (\"key: value\")");
    if (node->data.mapping.pairs.top == node->data.mapping.pairs.start)
        return sol_fail_at(sol_yaml_place(yaml, node), "\"%s\" is empty; give at least one", text_of(pair->key));
    *count = (int)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    return SOL_OK;
}

SolYamlPair sol_yaml_entry(const SolYaml *yaml, const SolYamlPair *pair, int i)
{
    const yaml_node_pair_t *entry = pair->value->data.mapping.pairs.start + i;
    if (entry >= pair->value->data.mapping.pairs.top)
        return (SolYamlPair){NULL, NULL};
    return (SolYamlPair){node_of(yaml, entry->key), node_of(yaml, entry->value)};
}

/* A scalar as it is written; NULL for anything else, and for one that holds a zero byte. */
static const char *scalar_of(const SolYamlNode *node)
{
    if (!node || node->type != YAML_SCALAR_NODE || strlen(text_of(node)) != node->data.scalar.length)
        return NULL;
    return text_of(node);
}

const char *sol_yaml_key(const SolYamlPair *pair)
{
    return scalar_of(pair->key);
}

/* ---- values ---- */

int sol_yaml_sequence(const SolYaml *yaml, const SolYamlPair *pair, int *count)
{
    const SolYamlNode *node = pair->value;
    if (!node)
        return SOL_OK;
    if (node->type != YAML_SEQUENCE_NODE)
        return sol_yaml_fail_value(yaml, pair, "a list (items that begin with \"- \")");
    if (node->data.sequence.items.top == node->data.sequence.items.start)
        return sol_fail_at(sol_yaml_place(yaml, node), "\"%s\" is empty; give at least one", text_of(pair->key));
    *count = (int)(node->data.sequence.items.top - node->data.sequence.items.start);
    return SOL_OK;
}

const SolYamlNode *sol_yaml_item(const SolYaml *yaml, const SolYamlPair *pair, int i)
{
    return node_of(yaml, pair->value->data.sequence.items.start[i]);
}

int sol_yaml_text(const SolYaml *yaml, const SolYamlPair *pair, const char **text)
{
    const SolYamlNode *node = pair->value;
    const unsigned char *bytes;
    if (!node)
        return SOL_OK;
    if (node->type != YAML_SCALAR_NODE || sol_yaml_is_null(node))
        return sol_yaml_fail_value(yaml, pair, "text");
    bytes = node->data.scalar.value;
    for (size_t i = 0; i < node->data.scalar.length; i++)
        if (is_control(bytes[i], bytes[i + 1]))
            return sol_fail_at(sol_yaml_place(yaml, node),
                               "\"%s\" holds a line break, a tab or another control character; write it on one line",
                               text_of(pair->key));
    if (node->data.scalar.length == 0)
        return sol_fail_at(sol_yaml_place(yaml, node), "\"%s\" is empty", text_of(pair->key));
    *text = text_of(node);
    return SOL_OK;
}

const char *sol_yaml_scalar(const SolYamlPair *pair)
{
    return scalar_of(pair->value);
}

int sol_yaml_int(const SolYaml *yaml, const SolYamlPair *pair, int low, int high, int *value)
{
    char wanted[80];
    const char *text;
    int64_t number;
    if (!pair->value)
        return SOL_OK;
    text = sol_yaml_scalar(pair);
    if (!text || !sol_parse_int(text, low, high, &number)) {
        snprintf(wanted, sizeof wanted, "a whole number from %d to %d", low, high);
        return sol_yaml_fail_value(yaml, pair, wanted);
    }
    *value = (int)number;
    return SOL_OK;
}

int sol_yaml_number(const SolYaml *yaml, const SolYamlPair *pair, double low, double high, double *value)
{
    char wanted[80];
    const char *text;
    double number;
    if (!pair->value)
        return SOL_OK;
    text = sol_yaml_scalar(pair);
    if (!text || !sol_parse_number(text, &number) || number < low || number > high) {
        snprintf(wanted, sizeof wanted, "a number from %g to %g", low, high);
        return sol_yaml_fail_value(yaml, pair, wanted);
    }
    *value = number;
    return SOL_OK;
}

int sol_yaml_choice(const SolYaml *yaml, const SolYamlPair *pair, const char *yes, const char *no, bool *value)
{
    char wanted[80];
    const char *text;
    if (!pair->value)
        return SOL_OK;
    text = sol_yaml_scalar(pair);
    if (!text || (strcmp(text, yes) != 0 && strcmp(text, no) != 0)) {
        snprintf(wanted, sizeof wanted, "%s or %s", yes, no);
        return sol_yaml_fail_value(yaml, pair, wanted);
    }
    *value = strcmp(text, yes) == 0;
    return SOL_OK;
}
