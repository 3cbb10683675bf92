/* SPDX-License-Identifier: Apache-2.0
 *
 * Cascades: OpenCV's files, wrong ones among them; integral images, windows and groups against naive twins and OpenCV's
 * own numbers; boxes that follow; and faces in photographs, where OpenCV's cascade and ../shared/data are present.
 */
#include "support/pictures.h"
#include "support/planes.h"
#include "support/published.h"
#include "support/regions.h"
#include "support/support.h"

#include "region/detect.h"
#include "region/face.h"
#include "region/follow.h"
#include "region/group.h"
#include "region/integral.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t noise;

static int number_below(int end)
{
    noise = noise * 1664525u + 1013904223u;
    return (int)((noise >> 16) % (uint32_t)end);
}

/* ---- files ---- */

/* The text of a cascade, added to piece by piece. */
typedef struct Text {
    char *text;
    size_t size;
    FILE *stream;
} Text;

static void begin_cascade(Text *t, const char *kind, int width, int height)
{
    t->stream = open_memstream(&t->text, &t->size);
    assert_non_null(t->stream);
    fprintf(t->stream,
            "<?xml version=\"1.0\"?>\n<!-- made for a test -->\n<opencv_storage>\n<cascade type_id=\"opencv-cascade-"
            "classifier\"><stageType>BOOST</stageType>\n  <featureType>%s</featureType>\n  <height>%d</height>\n  "
            "<width>%d</width>\n  <stageParams><maxWeakCount>9</maxWeakCount></stageParams>\n  <stages>\n",
            kind, height, width);
}

static SolCascade *read_cascade(Text *t)
{
    SolCascade *cascade = NULL;
    int code;
    fprintf(t->stream, "</cascade>\n</opencv_storage>\n");
    fclose(t->stream);
    code = sol_cascade_read(&cascade, t->text, t->size, "made.xml");
    if (code)
        print_message("%s\n", sol_error_text());
    assert_int_equal(code, 0);
    free(t->text);
    return cascade;
}

static void random_feature(FILE *to, bool patterns, bool tilted, int width, int height)
{
    int rects = 2 + number_below(2);
    if (patterns) {
        int w = 1 + number_below(width / 3), h = 1 + number_below(height / 3);
        int x = number_below(width - 3 * w + 1), y = number_below(height - 3 * h + 1);
        fprintf(to, "<_><rect>%d %d %d %d</rect></_>\n", x, y, w, h);
        return;
    }
    fprintf(to, "<_><rects>");
    for (int i = 0; i < rects; i++) {
        int w = 1 + number_below(tilted ? width / 2 - 1 : width);
        int h = 1 + number_below(tilted ? height / 2 - 1 : height), x, y;
        if (tilted) {
            while (w + h > height || w + h > width)
                w > h ? w-- : h--;
            x = h + number_below(width - w - h + 1);
            y = number_below(height - w - h + 1);
        } else {
            x = number_below(width - w + 1);
            y = number_below(height - h + 1);
        }
        fprintf(to, "<_>%d %d %d %d %s%d.</_>", x, y, w, h, i ? "" : "-", 1 + number_below(3));
    }
    fprintf(to, "</rects>%s</_>\n", tilted ? "<tilted>1</tilted>" : "");
}

/* A tree of three forks and four leaves, of which about half make up for the other half. */
static void random_tree(FILE *to, bool patterns, int features)
{
    static const char *const next[3] = {"1 2", "0 -1", "-2 -3"};
    fprintf(to, "<_><internalNodes>");
    for (int i = 0; i < 3; i++) {
        fprintf(to, "%s %d ", next[i], number_below(features));
        if (patterns)
            for (int k = 0; k < 8; k++)
                fprintf(to, "%d ", (int)((uint32_t)number_below(65536) << 16 | (uint32_t)number_below(65536)));
        else
            fprintf(to, "%.5e ", (number_below(2001) - 1000) * 1e-4);
    }
    fprintf(to, "</internalNodes><leafValues>");
    for (int i = 0; i < 4; i++)
        fprintf(to, "%.3f ", (number_below(2001) - 1000) * 1e-3);
    fprintf(to, "</leafValues></_>\n");
}

static SolCascade *random_cascade(bool patterns, int width, int height)
{
    enum { FEATURES = 40 };
    Text t = {0};
    begin_cascade(&t, patterns ? "LBP" : "HAAR", width, height);
    for (int s = 0; s < 3; s++) {
        fprintf(t.stream, "<_><stageThreshold>%.3f</stageThreshold><weakClassifiers>\n", s * 0.2 - 0.3);
        for (int i = 0; i < 3 + s; i++)
            random_tree(t.stream, patterns, FEATURES);
        fprintf(t.stream, "</weakClassifiers></_>\n");
    }
    fprintf(t.stream, "</stages><features>\n");
    for (int i = 0; i < FEATURES; i++)
        random_feature(t.stream, patterns, i % 3 == 2, width, height);
    fprintf(t.stream, "</features>");
    return read_cascade(&t);
}


static int read_text(SolCascade **cascade, const char *text)
{
    return sol_cascade_read(cascade, text, strlen(text), "some.xml");
}

static void test_a_cascade_is_read(void **state)
{
    char text[2048];
    SolCascade *c = NULL;
    (void)state;
    print_banner_cascade(text, sizeof text, "-8.0e-01", "0", "0");
    assert_int_equal(read_text(&c, text), 0);
    assert_true(c->width == 12 && c->height == 12 && !c->patterns && c->has_tilted);
    assert_true(c->stage_count == 1 && c->tree_count == 2 && c->node_count == 2 && c->leaf_count == 4);
    assert_int_equal(c->feature_count, 2);
    assert_true(fabs(c->stages[0].threshold - (0.5 - 1e-5)) < 1e-7);
    assert_true(c->stages[0].tree == 0 && c->stages[0].tree_count == 2);
    assert_true(c->nodes[0].threshold == -0.8f && c->nodes[0].next[0] == 0 && c->nodes[0].next[1] == -1);
    assert_true(c->nodes[1].feature == 1 && c->trees[1].node == 1 && c->trees[1].leaf == 2 && c->leaves[0] == 1);
    assert_true(c->features[0].count == 2 && c->features[0].rects[1].y == 6 && c->features[0].rects[1].weight == 2);
    assert_true(!c->features[0].tilted && c->features[1].tilted);
    sol_cascade_close(&c);
    assert_null(c);
}

static void refused(const char *text, const char *why)
{
    SolCascade *c = NULL;
    assert_int_equal(read_text(&c, text), SOL_ERR_FORMAT);
    assert_null(c);
    assert_string_equal(sol_error_text(), why);
}

static void test_wrong_files_are_refused(void **state)
{
    char text[2048];
    SolCascade *c = NULL;
    (void)state;
    refused("", "some.xml:1: no element found");
    refused("no cascade", "some.xml:1: syntax error");
    refused("<html/>", "some.xml:1: the outermost element is html; this is no cascade that OpenCV wrote");
    refused("<opencv_storage/>",
            "some.xml: there is no cascade with a width and a height in it; this is no cascade that OpenCV wrote");
    refused("<opencv_storage><old type_id=\"opencv-haar-classifier\"/></opencv_storage>",
            "some.xml is of the type \"opencv-haar-classifier\", which is not read; give a cascade of the type "
            "\"opencv-cascade-classifier\"");
    refused("<opencv_storage><cascade>\n<featureType>HOG</featureType></cascade></opencv_storage>",
            "some.xml:2: features of another kind than HAAR and LBP: HOG; this is no cascade that OpenCV wrote");
    refused("<!DOCTYPE a [<!ENTITY b \"c\">]><opencv_storage/>",
            "some.xml:1: a document type declaration; this is no cascade that OpenCV wrote");
    print_banner_cascade(text, sizeof text, "nan", "0", "0");
    refused(text, "some.xml:1: something else than numbers in internalNodes; this is no cascade that OpenCV wrote");
    print_banner_cascade(text, sizeof text, "1 2", "0", "0");
    refused(text, "some.xml:1: too few or too many numbers in internalNodes; this is no cascade that OpenCV wrote");
    print_banner_cascade(text, sizeof text, "1", "1", "0"); /* a fork that leads to one that there is not */
    refused(text, "some.xml: a tree leads nowhere; this is no cascade that OpenCV wrote");
    print_banner_cascade(text, sizeof text, "1", "0", "1"); /* a rectangle that is too far on the right */
    refused(text, "some.xml: a feature lies outside of the window; this is no cascade that OpenCV wrote");
    print_banner_cascade(text, sizeof text, "1", "0", "0");
    text[strlen(text) / 2] = '\0';
    assert_int_equal(read_text(&c, text), SOL_ERR_FORMAT);
    assert_int_equal(sol_cascade_load(&c, "/nowhere/cascade.xml"), SOL_ERR_IO);
    assert_null(c);
}

/* ---- sums ---- */

static uint8_t *random_grey(int width, int height)
{
    uint8_t *grey = malloc((size_t)(width * height));
    for (int i = 0; i < width * height; i++)
        grey[i] = (uint8_t)(number_below(64) + 96 * ((i % width / 9 + i / width / 7) % 2) +
                            60 * (i % width > width / 2));
    return grey;
}

static void test_integrals_are_sums(void **state)
{
    static const int sizes[][2] = {{1, 1}, {5, 1}, {1, 6}, {9, 7}, {20, 33}};
    (void)state;
    for (int s = 0; s < 5; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        size_t stride = (size_t)width + 3;
        uint8_t *grey = random_grey(width, height);
        uint32_t *sums = calloc(3 * stride * (size_t)(height + 1), sizeof *sums);
        SolIntegral integral = {sums, sums + stride * (size_t)(height + 1), sums + 2 * stride * (size_t)(height + 1),
                                stride};
        sol_integral_fill(&integral, grey, width, height);
        for (int y = 0; y <= height; y++)
            for (int x = 0; x <= width; x++) {
                uint32_t sum = 0, squares = 0, tilted = 0;
                for (int i = 0; i < width * height; i++) {
                    int px = i % width, py = i / width;
                    sum += px < x && py < y ? grey[i] : 0u;
                    squares += px < x && py < y ? (uint32_t)grey[i] * grey[i] : 0u;
                    tilted += py < y && abs(px - (x - 1)) <= y - 1 - py ? grey[i] : 0u;
                }
                assert_int_equal(integral.sums[(size_t)y * stride + (size_t)x], sum);
                assert_int_equal(integral.squares[(size_t)y * stride + (size_t)x], squares);
                assert_int_equal(integral.tilted[(size_t)y * stride + (size_t)x], tilted);
            }
        free(grey);
        free(sums);
    }
}

/* cv2.resize(.., interpolation=cv2.INTER_LINEAR_EXACT) of OpenCV 4.6; 341 to 256 pixels has weights half-way between
   two steps of 1/256, so that it matters how these are rounded. */
static void test_scaling_is_opencvs(void **state)
{
    static const uint8_t wanted[6][8] = {
        {23, 74, 152, 175, 58, 116, 187, 204}, {78, 91, 145, 178, 62, 39, 130, 160},
        {150, 47, 71, 107, 66, 74, 136, 145},  {186, 175, 28, 94, 149, 195, 81, 82},
        {128, 180, 69, 81, 106, 160, 216, 68}, {59, 122, 190, 60, 87, 95, 184, 227}};
    uint8_t grey[13 * 9], wide[4 * 341], to[6 * 8], narrow[3 * 256];
    long sum = 0;
    (void)state;
    for (int i = 0; i < 13 * 9; i++)
        grey[i] = (uint8_t)(i * 37 + i * i % 101);
    sol_grey_scale(to, 8, 6, grey, 13, 9);
    assert_memory_equal(to, wanted, sizeof to);
    for (int i = 0; i < 4 * 341; i++)
        wide[i] = (uint8_t)(i % 341 * 53 + i % 341 * (i % 341) % 97);
    sol_grey_scale(narrow, 256, 3, wide, 341, 4);
    for (int i = 0; i < 3 * 256; i++)
        sum += narrow[i];
    assert_int_equal(sum, 97023);
}

/* ---- windows, pixel by pixel ---- */

/* Whether pixel x, y lies in a rectangle; of a tilted one, sums and differences of coordinates are bounded. */
static bool is_in(const SolCascadeFeature *f, int k, int x, int y)
{
    int left = f->rects[k].x, top = f->rects[k].y, w = f->rects[k].width, h = f->rects[k].height;
    int along = x - left + y - top, down = y - top - (x - left);
    if (!f->tilted)
        return x >= left && x < left + w && y >= top && y < top + h;
    return along >= -1 && along < 2 * w - 1 && down >= 1 && down < 2 * h + 1;
}

static float naive_feature(const SolCascadeFeature *f, const SolCascade *c, const uint8_t *grey, int width, double norm)
{
    float value = 0;
    for (int k = 0; k < f->count; k++) {
        int sum = 0;
        for (int y = 0; y < c->height; y++)
            for (int x = 0; x < c->width; x++)
                sum += is_in(f, k, x, y) ? grey[y * width + x] : 0;
        value += f->rects[k].weight * (float)sum;
    }
    return value * (float)norm;
}

static unsigned naive_pattern(const SolCascadeFeature *f, const uint8_t *grey, int width)
{
    static const int order[8] = {0, 1, 2, 5, 8, 7, 6, 3};
    int cells[9] = {0};
    unsigned pattern = 0;
    for (int y = 0; y < 3 * f->rects[0].height; y++)
        for (int x = 0; x < 3 * f->rects[0].width; x++)
            cells[y / f->rects[0].height * 3 + x / f->rects[0].width] +=
                grey[(f->rects[0].y + y) * width + f->rects[0].x + x];
    for (int i = 0; i < 8; i++)
        pattern |= (unsigned)(cells[order[i]] >= cells[4]) << (7 - i);
    return pattern;
}

static double naive_norm(const SolCascade *c, const uint8_t *grey, int width)
{
    double sum = 0, squares = 0, area = (c->width - 2) * (c->height - 2), spread;
    for (int y = 1; y < c->height - 1; y++)
        for (int x = 1; x < c->width - 1; x++) {
            sum += grey[y * width + x];
            squares += grey[y * width + x] * grey[y * width + x];
        }
    spread = squares / area - sum * sum / area / area;
    return spread <= 100 ? 0 : 1 / (area * sqrt(spread));
}

/* How many stages a window passes; -1: it is flat. */
static int naive_stages(const SolCascade *c, const uint8_t *grey, int width)
{
    double norm = c->patterns ? 1 : naive_norm(c, grey, width);
    if (norm == 0)
        return -1;
    for (size_t s = 0; s < c->stage_count; s++) {
        double sum = 0;
        for (int t = 0; t < c->stages[s].tree_count; t++) {
            const SolCascadeTree *tree = &c->trees[c->stages[s].tree + t];
            int at = 0;
            do {
                const SolCascadeNode *node = &c->nodes[tree->node + at];
                const SolCascadeFeature *f = &c->features[node->feature];
                bool first;
                if (c->patterns) {
                    unsigned pattern = naive_pattern(f, grey, width);
                    first = node->subset[pattern / 32] >> pattern % 32 & 1;
                } else {
                    first = naive_feature(f, c, grey, width, norm) < node->threshold;
                }
                at = node->next[first ? 0 : 1];
            } while (at > 0);
            sum += c->leaves[tree->leaf - at];
        }
        if (sum < c->stages[s].threshold)
            return (int)s;
    }
    return (int)c->stage_count;
}

static int compare_finds(const void *a, const void *b)
{
    const SolArea *f = &((const SolFind *)a)->box, *g = &((const SolFind *)b)->box;
    return f->y != g->y ? f->y - g->y : f->x != g->x ? f->x - g->x : f->width - g->width;
}

static int naive_finds(const SolCascade *c, const uint8_t *grey, int width, int height, double factor, SolFind *finds)
{
    int count = 0;
    for (double scale = 1; lrint(c->width * scale) <= width && lrint(c->height * scale) <= height; scale *= factor) {
        int w = (int)lrint(width / scale), h = (int)lrint(height / scale), step = scale < 2 ? 2 : 1;
        uint8_t *level = malloc((size_t)(w * h));
        sol_grey_scale(level, w, h, grey, width, height);
        for (int y = 0; y + c->height <= h; y += step)
            for (int x = 0; x + c->width <= w; x += step) {
                int stages = naive_stages(c, level + y * w + x, w);
                if (stages == (int)c->stage_count && count < SOL_FINDS_MAX)
                    finds[count++].box = (SolArea){(int)lrint(x * scale), (int)lrint(y * scale),
                                                   (int)lrint(c->width * scale), (int)lrint(c->height * scale)};
                x += stages == 0 ? step : 0;
            }
        free(level);
    }
    qsort(finds, (size_t)count, sizeof *finds, compare_finds);
    return count;
}

static void test_windows_are_those_of_the_twin(void **state)
{
    int some = 0, wrong = 0;
    (void)state;
    noise = 1;
    for (int round = 0; round < 24; round++) {
        bool patterns = round % 4 == 3;
        int width = 40 + number_below(30), height = 34 + number_below(20);
        SolCascade *cascade = random_cascade(patterns, 9 + round % 5, 10 + round % 3);
        uint8_t *grey = random_grey(width, height);
        static SolFind finds[SOL_FINDS_MAX], twins[SOL_FINDS_MAX];
        SolDetecting how = {.factor = 1.3, .neighbours = 0};
        SolDetector *detector = NULL;
        int count = 0, twin_count = naive_finds(cascade, grey, width, height, how.factor, twins);
        SolPool *pool = round % 4 ? pools[round % 3] : NULL;
        assert_int_equal(sol_detector_open(&detector, cascade, width, height, &how, pool), 0);
        assert_int_equal(sol_detector_find(detector, grey, finds, &count), 0);
        assert_int_equal(count, twin_count);
        for (int i = 0; i < count && count < SOL_FINDS_MAX; i++)
            wrong += memcmp(&finds[i].box, &twins[i].box, sizeof finds[i].box) != 0;
        some += count > 0 && count < SOL_FINDS_MAX;
        sol_detector_close(&detector);
        assert_null(detector);
        sol_cascade_close(&cascade);
        free(grey);
    }
    assert_int_equal(wrong, 0);
    assert_true(some >= 8); /* the cascades do find something, but not everything */
}

/* cv2.groupRectangles(windows, N, 0.2) of OpenCV 4.6 for the same windows. */
static void test_groups_are_opencvs(void **state)
{
    static const int two[][5] = {{87, 4, 55, 34, 4},  {69, 12, 59, 26, 4}, {37, 19, 48, 29, 3},
                                 {58, 20, 36, 45, 3}, {83, 27, 57, 43, 3}, {17, 35, 44, 35, 3},
                                 {25, 41, 44, 48, 3}, {56, 41, 37, 44, 4}, {31, 59, 57, 45, 3}};
    SolArea windows[120];
    SolFind finds[SOL_FINDS_MAX];
    int count = 0;
    (void)state;
    noise = 12345;
    for (int i = 0; i < 120; i++) {
        windows[i].x = number_below(90);
        windows[i].y = number_below(60);
        windows[i].width = 24 + number_below(40);
        windows[i].height = 24 + number_below(30);
    }
    assert_int_equal(sol_group_windows(windows, 120, 1, finds, &count), 0);
    assert_int_equal(count, 17);
    assert_int_equal(sol_group_windows(windows, 120, 2, finds, &count), 0);
    assert_int_equal(count, 9);
    for (int i = 0; i < 9; i++) {
        const SolArea *box = &finds[i].box;
        assert_true(box->x == two[i][0] && box->y == two[i][1] && box->width == two[i][2] && box->height == two[i][3]);
        assert_int_equal(finds[i].windows, two[i][4]);
    }
    assert_int_equal(sol_group_windows(windows, 0, 2, finds, &count), 0);
    assert_int_equal(count, 0);
}

/* ---- following ---- */

static void test_boxes_follow(void **state)
{
    SolFollower f = {0};
    SolBox find = {100, 60, 40, 40}, stray = {300, 200, 40, 40}, both[2];
    (void)state;
    sol_follower_find(&f, &find, 1);
    sol_follower_step(&f);
    assert_true(f.count == 1 && f.boxes[0].level == 5 && f.boxes[0].shown.x == 100); /* there from the first frame on */
    for (int i = 0; i < 30; i++) { /* jitters: what is shown does so by less than half */
        double before = f.boxes[0].shown.x;
        find.x = 100 + (i % 2 ? 1.5 : -1.5);
        both[0] = find, both[1] = stray;
        sol_follower_find(&f, both, i == 5 ? 2 : 1); /* the stray one once: never shown */
        sol_follower_step(&f);
        assert_true(fabs(f.boxes[0].shown.x - before) < 1.4);
        for (int k = 1; k < f.count; k++)
            assert_true(f.boxes[k].level == 0);
    }
    assert_int_equal(f.count, 1);
    for (int i = 0; i < 20; i++) { /* runs: what is shown runs along */
        find.x += 10;
        sol_follower_find(&f, &find, 1);
        sol_follower_step(&f);
    }
    assert_true(f.count == 1 && fabs(f.boxes[0].shown.x - find.x) < 15);
    for (int i = 0; i < 8; i++) { /* is missed: stays, then fades */
        sol_follower_find(&f, NULL, 0);
        sol_follower_step(&f);
        assert_true(f.count == 1 && f.boxes[0].level == 5);
    }
    for (int i = 0; i < 5; i++) {
        sol_follower_find(&f, NULL, 0);
        sol_follower_step(&f);
    }
    assert_int_equal(f.count, 0);
    for (int i = 0; i < 6; i++) { /* comes back: at the second find, softly */
        sol_follower_find(&f, &find, 1);
        sol_follower_step(&f);
        assert_true(f.boxes[0].level == i);
    }
}

static void test_a_find_now_and_then_is_enough(void **state)
{
    SolFollower f = {0};
    SolBox find = {100, 60, 40, 40};
    (void)state;
    for (int i = 0; i < 60; i++) { /* searched every twentieth frame */
        if (i % 20 == 0)
            sol_follower_find(&f, &find, 1);
        sol_follower_step(&f);
        assert_true(f.count == 1 && f.boxes[0].level == 5);
    }
}

/* ---- faces ---- */

enum { WIDTH = 96, HEIGHT = 64 };

/* A banner, bright above and dark below, of 24x24 pixels, on grey. */
static SolImage *banner_at(int left, int top)
{
    static const uint8_t grey[3] = {110, 110, 110};
    SolImage *image = make_flat(WIDTH, HEIGHT, grey);
    for (int y = top; y < top + 24; y++)
        for (int x = left; x < left + 24; x++)
            if (x >= 0 && x < WIDTH)
                memset(sol_image_row(image, y) + 3 * x, y < top + 12 ? 235 : 20, 3);
    return image;
}

static SolFace banner_face(void)
{
    char text[2048];
    const char *path = in_folder("banner.xml");
    print_banner_cascade(text, sizeof text, "-9.0e-01", "0", "0");
    write_text(path, text);
    return (SolFace){.cascade = strdup(path), .scale = 1.2, .smallest_share = 0.3, .neighbours = 1, .every = 2};
}

static uint8_t *masks_of(const SolFace *face, SolPool *pool, int first, int end, SolBlob *from, SolBlob *to)
{
    uint8_t *values = malloc((size_t)((end - first) * WIDTH * HEIGHT));
    SolFaceFinder *finder = NULL;
    SolMask *mask = NULL;
    assert_int_equal(sol_face_finder_open(&finder, face, WIDTH, HEIGHT, 1, pool), 0);
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    if (from)
        sol_face_finder_restore(finder, from);
    for (int i = first; i < end; i++) {
        SolImage *frame = banner_at(10 + 3 * i, 20);
        assert_int_equal(sol_face_finder_at(finder, frame, mask), 0);
        memcpy(values + (size_t)((i - first) * WIDTH * HEIGHT), mask->values, WIDTH * HEIGHT);
        sol_image_unref(&frame);
    }
    if (to)
        sol_face_finder_save(finder, to);
    sol_mask_close(&mask);
    sol_face_finder_close(&finder);
    return values;
}

static void test_what_a_cascade_finds_is_selected(void **state)
{
    SolFace face = banner_face();
    uint8_t *masks = masks_of(&face, pools[1], 0, 12, NULL, NULL);
    (void)state;
    for (int i = 0; i < 12; i++) {
        const uint8_t *mask = masks + (size_t)(i * WIDTH * HEIGHT);
        double x = 0, y = 0, sum = 0;
        for (int at = 0; at < WIDTH * HEIGHT; at++) {
            x += mask[at] * (at % WIDTH + 0.5);
            y += mask[at] * (at / WIDTH + 0.5);
            sum += mask[at];
        }
        assert_true(sum > 255 * 200 && sum < 255 * 1600);
        assert_true(fabs(x / sum - (10 + 3 * i + 12)) < 6 && fabs(y / sum - 32) < 6);
        assert_int_equal(mask[0], 0);
    }
    free(masks);
    free(face.cascade);
}

static void test_memory_is_saved_and_threads_change_nothing(void **state)
{
    enum { SIZE = WIDTH * HEIGHT };
    SolFace face = banner_face();
    SolBlob at_five = {0}, short_one;
    uint8_t *whole = masks_of(&face, NULL, 0, 10, NULL, NULL), *head = masks_of(&face, pools[0], 0, 5, NULL, &at_five);
    uint8_t *tail = masks_of(&face, pools[2], 5, 10, &at_five, NULL), *fresh, *alone;
    (void)state;
    assert_memory_equal(whole, head, 5 * SIZE);
    assert_memory_equal(whole + 5 * SIZE, tail, 5 * SIZE);
    assert_true(at_five.at == at_five.size);
    alone = masks_of(&face, NULL, 5, 10, NULL, NULL);
    assert_memory_not_equal(alone, tail, 5 * SIZE);
    short_one = sol_blob_of(at_five.bytes, at_five.size - 3);
    fresh = masks_of(&face, NULL, 5, 10, &short_one, NULL);
    assert_memory_equal(alone, fresh, 5 * SIZE);
    sol_blob_clear(&at_five);
    free(whole), free(head), free(tail), free(fresh), free(alone), free(face.cascade);
}

static void test_a_cascade_that_is_not_there(void **state)
{
    SolFace face = {.cascade = "/nowhere/face.xml", .scale = 1, .smallest_share = 0.1, .neighbours = 3, .every = 1};
    SolFaceFinder *finder = NULL;
    (void)state;
    assert_int_equal(sol_face_finder_open(&finder, &face, WIDTH, HEIGHT, 1, NULL), SOL_ERR_IO);
    assert_null(finder);
}

/* What cv2.CascadeClassifier(..).detectMultiScale(grey, 1.1, 3, 0, (40, 40)) of OpenCV 4.6 finds. */
static void test_faces_are_opencvs(void **state)
{
    static const struct {
        const char *name;
        SolArea box;
    } cases[] = {{"bsds-0001", {227, 122, 58, 58}},   {"bsds-0002", {186, 49, 57, 57}},
                 {"bsds-0005", {37, 135, 169, 169}},  {"bsds-0012", {277, 135, 52, 52}},
                 {"bsds-0038", {212, 106, 110, 110}}, {"bsds-0045", {86, 41, 52, 52}},
                 {"bsds-0049", {144, 244, 64, 64}}};
    const SolDetecting how = {.factor = 1.1, .neighbours = 3, .smallest = 40};
    char *path = NULL;
    SolCascade *cascade = NULL;
    (void)state;
    if (access(SHARED_DATA "/train/content/bsds-0001.jpg", R_OK) != 0) {
        print_message("skipped: ../shared/data is not here\n");
        skip();
    }
    if (sol_face_find_cascade(&path) != 0) {
        assert_contains(sol_error_text(), "the package opencv-data");
        print_message("skipped: %s\n", sol_error_text());
        skip();
    }
    assert_int_equal(sol_cascade_load(&cascade, path), 0);
    assert_true(cascade->stage_count == 25 && cascade->feature_count == 2913 && cascade->width == 24);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SolImage *image = NULL;
        SolDetector *detector = NULL;
        SolFind finds[SOL_FINDS_MAX];
        char name[256];
        uint8_t *grey;
        int count = 0;
        snprintf(name, sizeof name, SHARED_DATA "/train/content/%s.jpg", cases[i].name);
        assert_int_equal(sol_image_load(&image, name), 0);
        grey = malloc((size_t)(image->width * image->height));
        sol_image_to_grey(image, grey);
        assert_int_equal(sol_detector_open(&detector, cascade, image->width, image->height, &how, pools[1]), 0);
        assert_int_equal(sol_detector_find(detector, grey, finds, &count), 0);
        assert_int_equal(count, 1);
        assert_true(abs(finds[0].box.x - cases[i].box.x) <= 2 && abs(finds[0].box.y - cases[i].box.y) <= 2 &&
                    abs(finds[0].box.width - cases[i].box.width) <= 3); /* decoders of JPEG files differ a little */
        sol_detector_close(&detector);
        sol_image_unref(&image);
        free(grey);
    }
    sol_cascade_close(&cascade);
    free(path);
}

static int set_up(void **state)
{
    return set_up_pools(state) || set_up_folder(state);
}

static int tear_down(void **state)
{
    return tear_down_pools(state) || tear_down_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cascade_is_read),
        cmocka_unit_test(test_wrong_files_are_refused),
        cmocka_unit_test(test_integrals_are_sums),
        cmocka_unit_test(test_scaling_is_opencvs),
        cmocka_unit_test(test_windows_are_those_of_the_twin),
        cmocka_unit_test(test_groups_are_opencvs),
        cmocka_unit_test(test_boxes_follow),
        cmocka_unit_test(test_a_find_now_and_then_is_enough),
        cmocka_unit_test(test_what_a_cascade_finds_is_selected),
        cmocka_unit_test(test_memory_is_saved_and_threads_change_nothing),
        cmocka_unit_test(test_a_cascade_that_is_not_there),
        cmocka_unit_test(test_faces_are_opencvs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
