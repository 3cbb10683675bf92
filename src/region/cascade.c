/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenCV's XML files of cascades, by way of expat. Elements are told apart by their path from "cascade" on; what stands
 * elsewhere is passed over. Lists are gathered as they come, and their indices checked when all is there. Documents
 * that declare entities are refused.
 */
#include "region/cascade.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 12, NAME = 24, TEXT = 65536, NUMBERS = 4096, MOST = 1 << 20, MOST_BYTES = 64 << 20 };

/* What is being read. */
typedef struct Reader {
    XML_Parser parser;
    const char *file;
    SolCascade *cascade;
    size_t features, stages, trees, nodes, leaves; /* capacities */
    char path[DEPTH][NAME]; /* names of open elements */
    int depth;              /* how many, those beyond DEPTH counted */
    bool known;             /* whether there was a cascade at all */
    char text[TEXT];        /* of the innermost element, as far as there was no element in it */
    size_t length;
    double numbers[NUMBERS];
    int count;
    int code;               /* why reading was stopped */
} Reader;

/* ---- errors ---- */

static void stop(Reader *r, const char *why, const char *element)
{
    if (r->code)
        return;
    r->code = sol_fail(SOL_ERR_FORMAT, "%s:%lu: %s%s%s; this is no cascade that OpenCV wrote", r->file,
                       (unsigned long)XML_GetCurrentLineNumber(r->parser), why, element ? " " : "",
                       element ? element : "");
    XML_StopParser(r->parser, XML_FALSE);
}

static void stop_memory(Reader *r)
{
    if (!r->code)
        r->code = sol_fail_memory("a cascade");
    XML_StopParser(r->parser, XML_FALSE);
}

/* ---- pieces ---- */

/* A fresh element at the end of a list, cleared; NULL where there is none to be had, and reading stops. */
static void *add(Reader *r, void **list, size_t *capacity, size_t *count, size_t size)
{
    if (*count >= MOST) {
        stop(r, "too many parts", NULL);
        return NULL;
    }
    if (!sol_grow(list, capacity, *count + 1, size)) {
        stop_memory(r);
        return NULL;
    }
    return memset((char *)*list + size * (*count)++, 0, size);
}

/* The element's text as numbers; false, with reading stopped, where it holds anything else. */
static bool read_numbers(Reader *r, const char *element, int least, int most)
{
    const char *blanks = " \t\r\n";
    r->count = 0;
    r->text[r->length] = '\0';
    for (char *at = r->text + strspn(r->text, blanks); *at; at += strspn(at, blanks)) {
        char *end = at + strcspn(at, blanks), kept = *end;
        *end = '\0';
        if (r->count == NUMBERS || !sol_parse_number(at, &r->numbers[r->count]) || fabs(r->numbers[r->count]) > 1e30) {
            stop(r, "something else than numbers in", element);
            return false;
        }
        r->count++;
        *end = kept;
        at = end;
    }
    if (r->count < least || r->count > most) {
        stop(r, "too few or too many numbers in", element);
        return false;
    }
    return true;
}

/* Number i as an integer in low..high; stops reading where it is none. */
static int integer(Reader *r, int i, int low, int high, const char *element)
{
    double number = r->numbers[i];
    if (!(number >= low && number <= high) || number != (double)(int)number) {
        stop(r, "a number that cannot be in", element);
        return low;
    }
    return (int)number;
}

static void read_side(Reader *r, const char *element, int *side)
{
    if (read_numbers(r, element, 1, 1))
        *side = integer(r, 0, SOL_CASCADE_LEAST, SOL_CASCADE_MOST, element);
}

static void read_kind(Reader *r)
{
    static const char *const blanks = " \t\r\n";
    char *word = r->text;
    r->text[r->length] = '\0';
    word += strspn(word, blanks);
    word[strcspn(word, blanks)] = '\0';
    if (strcmp(word, "LBP") == 0)
        r->cascade->patterns = true;
    else if (strcmp(word, "HAAR") != 0)
        stop(r, "features of another kind than HAAR and LBP:", word[0] ? word : "none");
}

static void read_nodes(Reader *r)
{
    SolCascade *c = r->cascade;
    SolCascadeTree *tree = c->tree_count ? &c->trees[c->tree_count - 1] : NULL;
    int size = c->patterns ? 11 : 4;
    if (!tree || tree->node_count > 0) {
        stop(r, "a tree too many in", "internalNodes");
        return;
    }
    if (!read_numbers(r, "internalNodes", size, NUMBERS))
        return;
    if (r->count % size) {
        stop(r, "too few or too many numbers in", "internalNodes");
        return;
    }
    for (int i = 0; i < r->count && !r->code; i += size) {
        SolCascadeNode *node = add(r, (void **)&c->nodes, &r->nodes, &c->node_count, sizeof *node);
        if (!node)
            return;
        node->next[0] = integer(r, i, -MOST, MOST, "internalNodes");
        node->next[1] = integer(r, i + 1, -MOST, MOST, "internalNodes");
        node->feature = integer(r, i + 2, 0, MOST, "internalNodes");
        node->threshold = c->patterns ? 0 : (float)r->numbers[i + 3];
        for (int k = 0; c->patterns && k < 8; k++)
            node->subset[k] = (uint32_t)integer(r, i + 3 + k, INT32_MIN, INT32_MAX, "internalNodes");
        tree->node_count++;
    }
}

static void read_leaves(Reader *r)
{
    SolCascade *c = r->cascade;
    if (!read_numbers(r, "leafValues", 2, NUMBERS))
        return;
    for (int i = 0; i < r->count; i++) {
        float *leaf = add(r, (void **)&c->leaves, &r->leaves, &c->leaf_count, sizeof *leaf);
        if (!leaf)
            return;
        *leaf = (float)r->numbers[i];
    }
}

static void read_rect(Reader *r, const char *element, int numbers)
{
    SolCascade *c = r->cascade;
    SolCascadeFeature *feature = c->feature_count ? &c->features[c->feature_count - 1] : NULL;
    if (!feature || feature->count == 3) {
        stop(r, "too many of", element);
        return;
    }
    if (!read_numbers(r, element, numbers, numbers))
        return;
    feature->rects[feature->count].x = integer(r, 0, 0, SOL_CASCADE_MOST, element);
    feature->rects[feature->count].y = integer(r, 1, 0, SOL_CASCADE_MOST, element);
    feature->rects[feature->count].width = integer(r, 2, 1, SOL_CASCADE_MOST, element);
    feature->rects[feature->count].height = integer(r, 3, 1, SOL_CASCADE_MOST, element);
    feature->rects[feature->count].weight = numbers > 4 ? (float)r->numbers[4] : 1;
    feature->count++;
}

/* ---- elements ---- */

/* Whether the open elements, from below the cascade on, are these: "stages/_/stageThreshold". */
static bool is_at(const Reader *r, const char *path)
{
    int level = 2;
    if (r->depth > DEPTH)
        return false;
    for (; *path; level++) {
        size_t length = strcspn(path, "/");
        if (level >= r->depth || strlen(r->path[level]) != length || strncmp(r->path[level], path, length) != 0)
            return false;
        path += length + (path[length] == '/');
    }
    return level == r->depth;
}

static void begin_cascade(Reader *r, const char **attributes)
{
    if (r->known)
        stop(r, "two cascades in one file", NULL);
    r->known = true;
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], "type_id") == 0 && strcmp(attributes[1], "opencv-cascade-classifier") != 0 &&
            !r->code) {
            r->code = sol_fail(SOL_ERR_FORMAT,
                               "%s is of the type \"%.40s\", which is not read; give a cascade of the type "
                               "\"opencv-cascade-classifier\"",
                               r->file, attributes[1]);
            XML_StopParser(r->parser, XML_FALSE);
        }
}

static void on_start(void *context, const char *name, const char **attributes)
{
    Reader *r = context;
    SolCascade *c = r->cascade;
    if (r->code)
        return; /* expat may go on for a little */
    if (r->depth < DEPTH) {
        strncpy(r->path[r->depth], name, NAME - 1);
        r->path[r->depth][NAME - 1] = '\0';
    }
    r->depth++;
    r->length = 0;
    if (r->depth == 1 && strcmp(name, "opencv_storage") != 0)
        stop(r, "the outermost element is", name);
    else if (r->depth == 2)
        begin_cascade(r, attributes);
    else if (is_at(r, "stages/_")) {
        SolCascadeStage *stage = add(r, (void **)&c->stages, &r->stages, &c->stage_count, sizeof *stage);
        if (stage)
            stage->tree = (int)c->tree_count;
    } else if (is_at(r, "stages/_/weakClassifiers/_")) {
        SolCascadeTree *tree = add(r, (void **)&c->trees, &r->trees, &c->tree_count, sizeof *tree);
        if (!tree)
            return;
        tree->node = (int)c->node_count;
        tree->leaf = (int)c->leaf_count;
        c->stages[c->stage_count - 1].tree_count++;
    } else if (is_at(r, "features/_"))
        add(r, (void **)&c->features, &r->features, &c->feature_count, sizeof *c->features);
}

static void finish_tree(Reader *r)
{
    const SolCascade *c = r->cascade;
    const SolCascadeTree *tree = &c->trees[c->tree_count - 1];
    if (tree->node_count == 0 || c->leaf_count - (size_t)tree->leaf != (size_t)tree->node_count + 1)
        stop(r, "a tree without its leaves in", "weakClassifiers");
}

static void on_end(void *context, const char *name)
{
    Reader *r = context;
    SolCascade *c = r->cascade;
    (void)name;
    if (r->code)
        return;
    if (is_at(r, "width"))
        read_side(r, "width", &c->width);
    else if (is_at(r, "height"))
        read_side(r, "height", &c->height);
    else if (is_at(r, "featureType"))
        read_kind(r);
    else if (is_at(r, "stages/_/stageThreshold")) {
        if (read_numbers(r, "stageThreshold", 1, 1))
            c->stages[c->stage_count - 1].threshold = (float)r->numbers[0] - 1e-5f; /* as OpenCV, for rounding's sake */
    } else if (is_at(r, "stages/_/weakClassifiers/_/internalNodes"))
        read_nodes(r);
    else if (is_at(r, "stages/_/weakClassifiers/_/leafValues"))
        read_leaves(r);
    else if (is_at(r, "stages/_/weakClassifiers/_"))
        finish_tree(r);
    else if (is_at(r, "features/_/rects/_"))
        read_rect(r, "rects", 5);
    else if (is_at(r, "features/_/rect"))
        read_rect(r, "rect", 4);
    else if (is_at(r, "features/_/tilted") && read_numbers(r, "tilted", 1, 1))
        c->features[c->feature_count - 1].tilted = r->numbers[0] != 0;
    r->depth--;
    r->length = 0;
}

static void on_text(void *context, const char *text, int length)
{
    Reader *r = context;
    if (r->code)
        return;
    if ((size_t)length >= TEXT - r->length) {
        stop(r, "too long a text", NULL);
        return;
    }
    memcpy(r->text + r->length, text, (size_t)length);
    r->length += (size_t)length;
}

static void on_doctype(void *context, const char *name, const char *system, const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(context, "a document type declaration", NULL);
}

/* ---- the whole ---- */

static bool is_inside(const SolCascade *c, const SolCascadeFeature *f)
{
    int least = c->patterns ? 1 : 2;
    if (f->count < least || (c->patterns && (f->count > 1 || f->tilted)))
        return false;
    for (int i = 0; i < f->count; i++) {
        int x = f->rects[i].x, y = f->rects[i].y, width = f->rects[i].width, height = f->rects[i].height;
        int cells = c->patterns ? 3 : 1;
        if (f->tilted ? x - height < 0 || x + width > c->width || y + width + height > c->height
                      : x + cells * width > c->width || y + cells * height > c->height)
            return false;
    }
    return true;
}

/* Whether every way through a tree ends: forks lead to later ones, or to leaves that there are. */
static bool is_tree(const SolCascade *c, const SolCascadeTree *tree)
{
    for (int i = 0; i < tree->node_count; i++) {
        const SolCascadeNode *node = &c->nodes[tree->node + i];
        if ((size_t)node->feature >= c->feature_count)
            return false;
        for (int side = 0; side < 2; side++) {
            int next = node->next[side];
            if (next > 0 ? next <= i || next >= tree->node_count : -next > tree->node_count)
                return false;
        }
    }
    return true;
}

static int check(Reader *r)
{
    SolCascade *c = r->cascade;
    const char *wrong = NULL;
    if (!r->known || c->width == 0 || c->height == 0)
        wrong = "there is no cascade with a width and a height in it";
    else if (c->stage_count == 0 || c->feature_count == 0)
        wrong = "it has no stages or no features";
    for (size_t i = 0; i < c->feature_count && !wrong; i++) {
        c->has_tilted = c->has_tilted || c->features[i].tilted;
        if (!is_inside(c, &c->features[i]))
            wrong = "a feature lies outside of the window";
    }
    for (size_t i = 0; i < c->stage_count && !wrong; i++)
        if (c->stages[i].tree_count == 0)
            wrong = "a stage is empty";
    for (size_t i = 0; i < c->tree_count && !wrong; i++)
        if (!is_tree(c, &c->trees[i]))
            wrong = "a tree leads nowhere";
    if (wrong)
        return sol_fail(SOL_ERR_FORMAT, "%s: %s; this is no cascade that OpenCV wrote", r->file, wrong);
    return SOL_OK;
}

static int parse(Reader *r, const char *text, size_t size)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, text, (int)size, 1) == XML_STATUS_OK && !r->code)
        return check(r);
    if (r->code)
        return r->code;
    if (XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
        return sol_fail_memory("a cascade");
    return sol_fail(SOL_ERR_FORMAT, "%s:%lu: %s", r->file, (unsigned long)XML_GetCurrentLineNumber(r->parser),
                    XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int sol_cascade_read(SolCascade **out, const void *text, size_t size, const char *name)
{
    Reader *r;
    int code;
    if (size > MOST_BYTES)
        return sol_fail(SOL_ERR_FORMAT, "%s is too large for a cascade (%zu MiB)", name, size >> 20);
    r = sol_calloc(1, sizeof *r);
    if (!r)
        return sol_fail_memory("a cascade");
    r->file = name;
    r->cascade = sol_calloc(1, sizeof *r->cascade);
    r->parser = XML_ParserCreate("UTF-8");
    code = r->cascade && r->parser ? parse(r, text, size) : sol_fail_memory("a cascade");
    if (r->parser)
        XML_ParserFree(r->parser);
    if (code)
        sol_cascade_close(&r->cascade);
    else
        *out = r->cascade;
    sol_free(r);
    return code;
}

int sol_cascade_load(SolCascade **cascade, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = sol_read_file(path, &bytes, &size);
    if (!code)
        code = sol_cascade_read(cascade, bytes, size, path);
    sol_free(bytes);
    return code;
}

void sol_cascade_close(SolCascade **cascade)
{
    SolCascade *c = *cascade;
    if (!c)
        return;
    free(c->features);
    free(c->stages);
    free(c->trees);
    free(c->nodes);
    free(c->leaves);
    sol_free(c);
    *cascade = NULL;
}
