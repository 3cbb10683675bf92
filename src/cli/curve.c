/* SPDX-License-Identifier: Apache-2.0
 *
 * The curve of a loss as a table (.csv) or drawn (.svg): iterations from left to right, the loss and its parts on a
 * logarithmic scale, a line where a level of the pyramid begins.
 */
#include "cli/optimise.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 800, HEIGHT = 480, LEFT = 70, RIGHT = 20, TOP = 20, BOTTOM = 45, PARTS = 4 };

static const struct {
    const char *name, *colour;
} parts[PARTS] = {{"loss", "#222222"}, {"content", "#1f77b4"}, {"style", "#d62728"}, {"smoothness", "#2ca02c"}};

static double part_of(const CurvePoint *p, int part)
{
    return part == 0 ? p->loss : part == 1 ? p->content : part == 2 ? p->style : p->tv;
}

static void write_csv(FILE *file, const CurvePoint points[], size_t count)
{
    fprintf(file, "iteration,level,evaluations,seconds,loss,content,style,tv\n");
    for (size_t i = 0; i < count; i++) {
        const CurvePoint *p = &points[i];
        fprintf(file, "%d,%d,%d,%.3f,%.8g,%.8g,%.8g,%.8g\n", p->iteration, p->level, p->evaluations, p->seconds, p->loss,
                p->content, p->style, p->tv);
    }
}

/* The decades that the curves lie in: from 10^low to 10^high. Values of 0 are not drawn. */
static void find_decades(const CurvePoint points[], size_t count, int *low, int *high)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < count; i++)
        for (int part = 0; part < PARTS; part++) {
            double value = part_of(&points[i], part);
            if (value > 0 && value < least)
                least = value;
            if (isfinite(value) && value > most)
                most = value;
        }
    *high = most > 0 ? (int)ceil(log10(most)) : 1;
    *low = most > 0 ? (int)floor(log10(least)) : 0;
    if (*low < *high - 6) /* smaller parts do not matter */
        *low = *high - 6;
    if (*low == *high)
        --*low;
}

typedef struct Axes {
    int low, high; /* decades */
    double last;   /* iteration */
} Axes;

static double x_of(const Axes *a, double iteration)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * iteration / a->last;
}

static double y_of(const Axes *a, double value)
{
    double share = (log10(value) - a->low) / (a->high - a->low);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * fmax(0, share);
}

static void draw_axes(FILE *file, const Axes *a, const CurvePoint points[], size_t count)
{
    double step = pow(10, floor(log10(fmax(a->last, 10) / 2)));
    if (a->last / step > 10)
        step *= a->last / step > 25 ? 5 : 2;
    for (int decade = a->low; decade <= a->high; decade++) {
        double y = y_of(a, pow(10, decade));
        fprintf(file, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", LEFT, y,
                WIDTH - RIGHT, y);
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 6, y + 4, pow(10, decade));
    }
    for (double i = 0; i <= a->last; i += step)
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", x_of(a, i), HEIGHT - BOTTOM + 18,
                i);
    fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">iterations</text>\n", (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 8);
    for (size_t i = 1; i < count; i++)
        if (points[i].level != points[i - 1].level)
            fprintf(file, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#999999\" "
                    "stroke-dasharray=\"4 4\"/>\n", x_of(a, points[i].iteration), TOP, x_of(a, points[i].iteration),
                    HEIGHT - BOTTOM);
}

static void draw_part(FILE *file, const Axes *a, const CurvePoint points[], size_t count, int part)
{
    fprintf(file, "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"%s\" points=\"", parts[part].colour);
    for (size_t i = 0; i < count; i++)
        if (part_of(&points[i], part) > 0 && isfinite(part_of(&points[i], part)))
            fprintf(file, "%.1f,%.1f ", x_of(a, points[i].iteration), y_of(a, part_of(&points[i], part)));
    fprintf(file, "\"/>\n<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s</text>\n", WIDTH - RIGHT - 8,
            TOP + 16 + 16 * part, parts[part].colour, parts[part].name);
}

static void write_svg(FILE *file, const CurvePoint points[], size_t count)
{
    Axes axes = {.last = count > 0 ? fmax(1, points[count - 1].iteration) : 1};
    find_decades(points, count, &axes.low, &axes.high);
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    draw_axes(file, &axes, points, count);
    for (int part = PARTS - 1; part >= 0; part--)
        draw_part(file, &axes, points, count, part);
    fprintf(file, "</svg>\n");
}

int write_curve(const char *path, const CurvePoint points[], size_t count, bool overwrite)
{
    SolPending *pending = NULL;
    FILE *file;
    bool failed;
    int result = sol_pending_open(&pending, path, overwrite);
    if (result != SOL_OK)
        return result;
    file = fopen(sol_pending_path(pending), "w");
    if (file) {
        (sol_path_has_extension(path, "svg") ? write_svg : write_csv)(file, points, count);
        failed = ferror(file) != 0;
        failed = fclose(file) != 0 || failed;
    }
    result = !file || failed ? sol_fail_errno(path, "cannot be written") : sol_pending_commit(pending);
    sol_pending_close(&pending);
    return result;
}
