/* SPDX-License-Identifier: Apache-2.0
 *
 * What was measured, drawn over time (.svg): a panel for each quantity, one below the other, over the same frames; a
 * line for each film, with the source's in grey.
 */
#include "cli/measure.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 900, LEFT = 78, RIGHT = 24, TOP = 30, PANEL = 150, GAP = 42, BOTTOM = 52, LEGEND = 20, PANELS_MAX = 4 };

/* Okabe and Ito's, which colour-blind people can tell apart. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#000000", "#8c6d31"};
static const char *const of_source = "#8a8a8a";

typedef struct Axis {
    double low, high, step; /* between ticks */
} Axis;

typedef struct Panel {
    const Measured *measured;
    Quantity quantity;
    double top;
    Axis x, y;
} Panel;

/* 1, 2 or 5 times a power of ten: about `count` of them in a range. */
static double nice_step(double range, int count)
{
    double raw = range > 0 ? range / count : 1, power = pow(10, floor(log10(raw))), mantissa = raw / power;
    return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

/* From 0 on; of SSIM, which need not begin there, from a tick below the least. */
static Axis find_y(const Measured *measured, Quantity quantity)
{
    double low = INFINITY, high = -INFINITY;
    Axis axis;
    for (int p = 0; p < measured->pictures; p++)
        for (int64_t i = 0; i < measured->count; i++) {
            double value = quantity_of(&measured->frames[i], p, quantity);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    if (high < low)
        low = high = 0;
    if (quantity != SSIM)
        low = 0;
    axis.step = nice_step(fmax(high - low, 1e-9), 4);
    axis.low = axis.step * floor(low / axis.step);
    axis.high = axis.step * ceil(high / axis.step);
    if (!(axis.high > axis.low))
        axis.high = axis.low + axis.step;
    return axis;
}

static double x_of(const Panel *p, double frame)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (frame - p->x.low) / (p->x.high - p->x.low);
}

static double y_of(const Panel *p, double value)
{
    return p->top + PANEL * (p->y.high - value) / (p->y.high - p->y.low);
}

static void put_text(FILE *file, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<' || c == '>' || c == '&')
            fprintf(file, "&#%d;", c);
        else if (c >= ' ')
            fputc(c, file);
    }
}

static void draw_axes(FILE *file, const Panel *p, bool last)
{
    int ticks = (int)lround((p->y.high - p->y.low) / p->y.step);
    for (int i = 0; i <= ticks; i++) {
        double value = p->y.low + i * p->y.step, y = y_of(p, value);
        fprintf(file, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\"/>\n", LEFT, y, WIDTH - RIGHT, y,
                i == 0 ? "#888888" : "#e4e4e4");
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555555\">%.4g</text>\n", LEFT - 8, y + 4,
                fabs(value) < 1e-12 ? 0 : value);
    }
    fprintf(file, "<text x=\"%d\" y=\"%.1f\" font-weight=\"bold\">%s</text>\n", LEFT, p->top - 10,
            quantity_info(p->quantity)->name);
    for (double x = p->x.step * ceil(p->x.low / p->x.step); x <= p->x.high; x += p->x.step) {
        fprintf(file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#888888\"/>\n", x_of(p, x),
                p->top + PANEL, x_of(p, x), p->top + PANEL + 4);
        if (last)
            fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" fill=\"#555555\">%.10g</text>\n",
                    x_of(p, x), p->top + PANEL + 19, x);
    }
    if (last)
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">frame</text>\n", (LEFT + WIDTH - RIGHT) / 2,
                p->top + PANEL + 40);
    for (int64_t i = 0; i < p->measured->count; i++)
        if (p->measured->frames[i].motion.cut) {
            double x = x_of(p, (double)p->measured->frames[i].number);
            fprintf(file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#aaaaaa\" "
                    "stroke-dasharray=\"3 4\"/>\n", x, p->top, x, p->top + PANEL);
        }
}

/* The next frame, from `i` on, that has something to be drawn; the count where none has. */
static int64_t next_drawn(const Panel *p, int picture, int64_t i)
{
    while (i < p->measured->count && isnan(quantity_of(&p->measured->frames[i], picture, p->quantity)))
        i++;
    return i;
}

/* Whether a line goes on from one frame to another: of distances, which not every frame has, to any. */
static bool goes_on(const Panel *p, int64_t from, int64_t to)
{
    return to < p->measured->count && (to == from + 1 || p->quantity == STYLE);
}

static void put_point(FILE *file, const Panel *p, int picture, int64_t i, bool alone)
{
    const MeasuredFrame *frame = &p->measured->frames[i];
    fprintf(file, alone ? "cx=\"%.1f\" cy=\"%.1f\"" : "%.1f,%.1f ", x_of(p, (double)frame->number),
            y_of(p, quantity_of(frame, picture, p->quantity)));
}

/* A line that breaks where there is nothing; a frame alone is a dot. */
static void draw_line(FILE *file, const Panel *p, int picture)
{
    const char *colour = picture == 0 ? of_source : colours[picture - 1];
    for (int64_t i = next_drawn(p, picture, 0), next; i < p->measured->count; i = next) {
        next = next_drawn(p, picture, i + 1);
        if (!goes_on(p, i, next)) {
            fprintf(file, "<circle r=\"2\" fill=\"%s\" ", colour);
            put_point(file, p, picture, i, true);
            fprintf(file, "/>\n");
            continue;
        }
        fprintf(file, "<polyline fill=\"none\" stroke-width=\"1.6\" stroke-linejoin=\"round\" stroke=\"%s\" points=\"",
                colour);
        put_point(file, p, picture, i, false);
        for (; goes_on(p, i, next); next = next_drawn(p, picture, i + 1)) {
            i = next;
            put_point(file, p, picture, i, false);
        }
        fprintf(file, "\"/>\n");
    }
}

static void draw_legend(FILE *file, const Measured *measured)
{
    for (int p = 0; p < measured->pictures; p++) {
        int y = TOP - 8 + LEGEND * p;
        fprintf(file, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke-width=\"2.5\" stroke=\"%s\"/>\n"
                "<text x=\"%d\" y=\"%d\">", LEFT, y, LEFT + 28, y, p == 0 ? of_source : colours[p - 1], LEFT + 36,
                y + 4);
        put_text(file, sol_path_name(measured->paths[p]));
        fprintf(file, "%s</text>\n", p == 0 ? " (the source)" : p == measured->reference ? " (the reference)" : "");
    }
}

bool write_measured_svg(FILE *file, const Measured *measured)
{
    const Quantity shown[PANELS_MAX] = {WARP, FLICKER, SSIM, STYLE};
    double first = (double)measured->frames[0].number, last = (double)measured->frames[measured->count - 1].number;
    int panels = measured->styled ? PANELS_MAX : PANELS_MAX - 1, head = TOP + LEGEND * measured->pictures;
    int height = head + panels * (PANEL + GAP) + BOTTOM - GAP + GAP / 2;
    Axis x = {first, fmax(last, first + 1), fmax(1, nice_step(last - first, 10))};
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", WIDTH, height, WIDTH, height);
    draw_legend(file, measured);
    for (int i = 0; i < panels; i++) {
        Panel panel = {.measured = measured, .quantity = shown[i], .top = head + GAP / 2 + i * (PANEL + GAP), .x = x,
                       .y = find_y(measured, shown[i])};
        draw_axes(file, &panel, i + 1 == panels);
        for (int p = 0; p < measured->pictures; p++)
            draw_line(file, &panel, p);
    }
    fprintf(file, "</svg>\n");
    return ferror(file) == 0;
}
