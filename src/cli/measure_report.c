/* SPDX-License-Identifier: Apache-2.0
 *
 * What was measured, as a table for people, JSON and CSV for programs.
 */
#include "cli/measure.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const QuantityInfo infos[QUANTITIES] = {
    [WARP] = {"warping error", "warping_error", true, false},
    [FLICKER] = {"flicker, levels", "flicker", true, false},
    [SSIM] = {"SSIM to the source", "ssim", false, true},
    [GHOSTING] = {"ghosting", "ghosting", false, false},
    [ECHO] = {"echo", "echo", false, false},
    [STYLE] = {"style distance", "style_distance", false, false},
    [CONTENT] = {"content distance", "content_distance", false, false},
};

const QuantityInfo *quantity_info(Quantity quantity)
{
    return &infos[quantity];
}

double quantity_of(const MeasuredFrame *frame, int picture, Quantity quantity)
{
    const SolMeasured *m = &frame->of[picture];
    if (picture == 0 && !infos[quantity].of_source)
        return (double)NAN;
    switch (quantity) {
    case WARP: return m->warp;
    case FLICKER: return m->flicker;
    case SSIM: return m->ssim;
    case GHOSTING: return m->ghosting;
    case ECHO: return sol_echo(&m->edges);
    case STYLE: return frame->style[picture];
    case CONTENT: return frame->content[picture];
    default: return (double)NAN;
    }
}

/* How much a frame's number is worth, relative to others. */
static double weight_of(const MeasuredFrame *frame, Quantity quantity)
{
    return quantity == FLICKER ? frame->motion.still : quantity == GHOSTING ? frame->motion.contrast : 1;
}

/* By the edges of all frames together. */
static double whole_echo(const Measured *measured, int picture)
{
    SolEdges sum = {0};
    for (int64_t i = 0; i < measured->count; i++)
        sol_edges_add(&sum, &measured->frames[i].of[picture].edges);
    return sol_echo(&sum);
}

double mean_of(const Measured *measured, int picture, Quantity quantity)
{
    double sum = 0, weights = 0;
    if (quantity == ECHO)
        return picture > 0 ? whole_echo(measured, picture) : (double)NAN;
    for (int64_t i = 0; i < measured->count; i++) {
        double value = quantity_of(&measured->frames[i], picture, quantity);
        double weight = weight_of(&measured->frames[i], quantity);
        if (isnan(value))
            continue;
        sum += weight * value;
        weights += weight;
    }
    return weights > 0 ? sum / weights : (double)NAN;
}

const MeasuredFrame *worst_of(const Measured *measured, int picture, Quantity quantity)
{
    const MeasuredFrame *worst = NULL;
    double sign = infos[quantity].good ? -1 : 1;
    for (int64_t i = 0; i < measured->count; i++) {
        double value = quantity_of(&measured->frames[i], picture, quantity);
        if (!isnan(value) && (!worst || sign * value > sign * quantity_of(worst, picture, quantity)))
            worst = &measured->frames[i];
    }
    return worst;
}

double beside_reference(const Measured *measured, int picture, Quantity quantity)
{
    double of, to;
    if (measured->reference == 0 || picture == 0)
        return (double)NAN;
    of = mean_of(measured, picture, quantity);
    to = mean_of(measured, measured->reference, quantity);
    if (quantity == SSIM || quantity == ECHO)
        return of - to;
    return picture == measured->reference ? 1 : to > 0 ? of / to : (double)NAN;
}

/* Means over frames, of what the source tells, and the sum of contrast. */
static SolMeasuredMotion mean_motion(const Measured *measured, int64_t *pairs, int64_t *cuts)
{
    SolMeasuredMotion mean = {0};
    *pairs = *cuts = 0;
    for (int64_t i = 0; i < measured->count; i++) {
        const SolMeasuredMotion *motion = &measured->frames[i].motion;
        *cuts += motion->cut;
        if (!motion->former)
            continue;
        ++*pairs;
        mean.followed += motion->followed;
        mean.still += motion->still;
        mean.uncovered += motion->uncovered;
        mean.contrast += motion->contrast; /* a sum */
    }
    if (*pairs > 0) {
        mean.followed /= (double)*pairs;
        mean.still /= (double)*pairs;
        mean.uncovered /= (double)*pairs;
    }
    return mean;
}

/* ---- for people ---- */

enum { NAME = 20, COLUMN = 22, TEXT = 64 };

static const char *const footnotes =
    "\nWarping error, flicker, ghosting, echo and distances: the less, the steadier or nearer. docs/measure.md tells\n"
    "what each is.\n";

/* "0.00412 x0.36", or "0.8123 +0.0120" of SSIM and echo; "-" where there is none. */
static void format_mean(const Measured *measured, int picture, Quantity quantity, char text[TEXT])
{
    double mean = mean_of(measured, picture, quantity), beside = beside_reference(measured, picture, quantity);
    if (isnan(mean))
        snprintf(text, TEXT, "-");
    else if (isnan(beside) || picture == measured->reference || quantity == GHOSTING)
        snprintf(text, TEXT, "%#.4g", mean);
    else if (quantity == SSIM || quantity == ECHO)
        snprintf(text, TEXT, "%#.4g %+.4f", mean, beside);
    else
        snprintf(text, TEXT, "%#.4g x%.3f", mean, beside);
}

static void format_worst(const Measured *measured, int picture, Quantity quantity, char text[TEXT])
{
    const MeasuredFrame *worst = worst_of(measured, picture, quantity);
    if (!worst)
        snprintf(text, TEXT, "-");
    else
        snprintf(text, TEXT, "%#.3g, frame %lld", quantity_of(worst, picture, quantity), (long long)worst->number);
}

static bool is_told(const Measured *measured, Quantity quantity)
{
    return quantity == GHOSTING ? measured->reference > 0
           : quantity == STYLE  ? measured->styled
           : quantity == CONTENT ? measured->distances : true;
}

static void print_names(const Measured *measured)
{
    printf("%-*s", NAME, "");
    for (int p = 0; p < measured->pictures; p++) {
        const char *name = p == 0 ? "the source" : sol_path_name(measured->paths[p]);
        printf("  %-*.*s", p + 1 < measured->pictures ? COLUMN : 1, COLUMN, name);
    }
    printf("\n");
}

static void print_row(const Measured *measured, Quantity quantity, const char *name,
                      void (*format)(const Measured *, int, Quantity, char[TEXT]))
{
    char text[TEXT];
    printf("%-*s", NAME, name);
    for (int p = 0; p < measured->pictures; p++) {
        if (p == 0 && !infos[quantity].of_source)
            snprintf(text, sizeof text, " ");
        else
            format(measured, p, quantity, text);
        printf("  %-*s", p + 1 < measured->pictures ? COLUMN : 1, text);
    }
    printf("\n");
}

void print_measured(const Measured *measured)
{
    int64_t pairs, cuts;
    SolMeasuredMotion mean = mean_motion(measured, &pairs, &cuts);
    printf("%s, frames %lld-%lld, %dx%d", measured->paths[0], (long long)measured->frames[0].number,
           (long long)measured->frames[measured->count - 1].number, measured->width, measured->height);
    if (pairs > 0)
        printf(": %.1f%% of the pixels can be followed, %.1f%% are still, %.1f%% were uncovered", 100 * mean.followed,
               100 * mean.still, 100 * mean.uncovered);
    printf("\n");
    for (int64_t i = 0; cuts > 0 && i < measured->count; i++)
        if (measured->frames[i].motion.cut)
            printf("cut before frame %lld\n", (long long)measured->frames[i].number);
    if (measured->distances)
        printf("distances by %s: %s\n", measured->model, measured->layers);
    if (measured->reference > 0)
        printf("x and +: beside %s\n", sol_path_name(measured->paths[measured->reference]));
    printf("\n");
    print_names(measured);
    for (int q = 0; q < QUANTITIES; q++) {
        if (!is_told(measured, (Quantity)q))
            continue;
        print_row(measured, (Quantity)q, infos[q].name, format_mean);
        if (q != ECHO) /* of one frame it says little */
            print_row(measured, (Quantity)q, "  at worst", format_worst);
    }
    fputs(footnotes, stdout);
}

/* ---- for programs ---- */

static json_t *number_json(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *text_json(const char *text)
{
    json_t *json = text ? json_string(text) : NULL; /* NULL, too, where it is not UTF-8 */
    return json ? json : json_null();
}

static json_t *worst_json(const Measured *measured, int picture, Quantity quantity)
{
    const MeasuredFrame *worst = worst_of(measured, picture, quantity);
    return worst ? json_pack("{s:I, s:f}", "frame", (json_int_t)worst->number, "value",
                             quantity_of(worst, picture, quantity))
                 : json_null();
}

static json_t *picture_json(const Measured *measured, int picture)
{
    json_t *means = json_object(), *worst = json_object(), *beside = json_object();
    for (int q = 0; q < QUANTITIES; q++) {
        const char *key = infos[q].key;
        if (!is_told(measured, (Quantity)q) || (picture == 0 && !infos[q].of_source))
            continue;
        json_object_set_new(means, key, number_json(mean_of(measured, picture, (Quantity)q)));
        json_object_set_new(worst, key, worst_json(measured, picture, (Quantity)q));
        if (measured->reference > 0 && picture > 0)
            json_object_set_new(beside, key, number_json(beside_reference(measured, picture, (Quantity)q)));
    }
    return json_pack("{s:o, s:b, s:o, s:o, s:o}", "path", text_json(measured->paths[picture]), "reference",
                     picture > 0 && picture == measured->reference, "means", means, "worst", worst, "beside_reference",
                     beside);
}

static json_t *frame_json(const Measured *measured, const MeasuredFrame *frame)
{
    const SolMeasuredMotion *motion = &frame->motion;
    json_t *films = json_array(), *source = NULL;
    for (int p = 0; p < measured->pictures; p++) {
        json_t *json = json_object();
        for (int q = 0; q < QUANTITIES; q++)
            if (is_told(measured, (Quantity)q) && (p > 0 || infos[q].of_source))
                json_object_set_new(json, infos[q].key, number_json(quantity_of(frame, p, (Quantity)q)));
        if (p == 0)
            source = json;
        else
            json_array_append_new(films, json);
    }
    return json_pack("{s:I, s:f, s:b, s:f, s:f, s:f, s:f, s:o, s:o}", "frame", (json_int_t)frame->number, "seconds",
                     frame->seconds, "cut", motion->cut, "followed", motion->followed, "still", motion->still,
                     "uncovered", motion->uncovered, "ghosting_weight", motion->contrast, "source", source, "films",
                     films);
}

bool write_measured_json(FILE *file, const Measured *measured)
{
    int64_t pairs, cuts;
    SolMeasuredMotion mean = mean_motion(measured, &pairs, &cuts);
    json_t *films = json_array(), *frames = json_array(), *json;
    bool written;
    for (int p = 1; p < measured->pictures; p++)
        json_array_append_new(films, picture_json(measured, p));
    for (int64_t i = 0; i < measured->count; i++)
        json_array_append_new(frames, frame_json(measured, &measured->frames[i]));
    json = json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "width",
                     measured->width, "height", measured->height, "first", (json_int_t)measured->frames[0].number,
                     "count", (json_int_t)measured->count, "pairs", (json_int_t)pairs, "cuts", (json_int_t)cuts,
                     "followed", mean.followed, "still", mean.still, "uncovered", mean.uncovered, "ghosting_weight",
                     mean.contrast, "model", text_json(measured->model), "layers", text_json(measured->layers), "statistics",
                     text_json(measured->statistics), "source", picture_json(measured, 0), "films", films, "frames",
                     frames);
    written = json && json_dumpf(json, file, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) == 0 && fputc('\n', file) != EOF;
    json_decref(json);
    return written;
}

/* As RFC 4180 has it. */
static void put_quoted(FILE *file, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

bool write_measured_csv(FILE *file, const Measured *measured)
{
    fprintf(file, "film,frame,seconds,cut,followed,still,uncovered");
    for (int q = 0; q < QUANTITIES; q++)
        fprintf(file, ",%s", infos[q].key);
    fprintf(file, "\n");
    for (int p = 0; p < measured->pictures; p++)
        for (int64_t i = 0; i < measured->count; i++) {
            const MeasuredFrame *frame = &measured->frames[i];
            const SolMeasuredMotion *motion = &frame->motion;
            put_quoted(file, measured->paths[p]);
            fprintf(file, ",%lld,%.6f,%d,%.6f,%.6f,%.6f", (long long)frame->number, frame->seconds, motion->cut,
                    motion->followed, motion->still, motion->uncovered);
            for (int q = 0; q < QUANTITIES; q++) {
                double value = quantity_of(frame, p, (Quantity)q);
                fputc(',', file);
                if (!isnan(value))
                    fprintf(file, "%.10g", value);
            }
            fprintf(file, "\n");
        }
    return ferror(file) == 0;
}
