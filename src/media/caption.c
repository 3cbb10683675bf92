/* SPDX-License-Identifier: Apache-2.0
 *
 * Laying out a caption. drawtext neither breaks lines nor tells how wide they are, so lines are drawn once on a picture of
 * their own, and measured there.
 */
#include "media/caption.h"

#include "base/error.h"
#include "base/text.h"

#include <libavutil/pixfmt.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CHARACTERS = 400,
    SAMPLE = 48,          /* pixels: the size at which lines are measured */
    MOST_SIDE = 16384     /* pixels of a line that is measured */
};

static const double usual_size = 0.09; /* of the height, or of three quarters of the width where that is less */
static const double widest = 0.94;     /* of the width */
static const double highest = 0.5;     /* of the height */
static const double line_height = 1.2, below_baseline = 0.6, outline = 0.1; /* of the size */

/* The fonts that are tried, one after the other. */
static const char *const fonts[] = {"fontfile=Sans\\:bold", "font=Sans"};

/* ---- the text ---- */

/* The bytes of the UTF-8 character at `text`, 0 where there is none. */
static size_t character(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] >= 0x90)) /* longer than they need be; surrogates; beyond the last */
        return 0;
    return length;
}

static int count_characters(const char *text)
{
    int count = 0;
    for (; *text; text += character(text))
        count++;
    return count;
}

int sol_caption_check(const char *text)
{
    int count = 0, lines = 1;
    bool blank = true;
    for (size_t length; *text; text += length, count++) {
        length = character(text);
        if (length == 0)
            return sol_fail(SOL_ERR_ARGUMENT, "\"text\" is not UTF-8");
        if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
            return sol_fail(SOL_ERR_ARGUMENT, "\"text\" holds a control character; line breaks alone may be in it");
        blank &= *text == ' ' || *text == '\n';
        lines += *text == '\n';
    }
    if (blank)
        return sol_fail(SOL_ERR_ARGUMENT, "\"text\" is empty");
    if (count > MOST_CHARACTERS || lines > SOL_CAPTION_LINES)
        return sol_fail(SOL_ERR_ARGUMENT, "\"text\" may have %d characters on %d lines at most", MOST_CHARACTERS,
                        SOL_CAPTION_LINES);
    return SOL_OK;
}

/* Breaks the text at blanks into lines of `most` characters, or longer words; how many lines these are. */
static int break_lines(char *text, int most)
{
    int lines = 1, used = 0;
    char *blank = NULL;
    for (char *at = text; *at; at += character(at)) {
        if (*at == ' ')
            blank = at;
        if (++used > most && blank) {
            *blank = '\n';
            lines++;
            used = 0;
            for (const char *c = blank + 1; c <= at; c += character(c))
                used++;
            blank = NULL;
        }
    }
    return lines;
}

/* The text on `lines` lines at most, as even as blanks allow; NULL: no memory. */
static char *spread(const char *text, int lines)
{
    char *broken = sol_copy(text);
    for (int most = count_characters(text) / lines; broken && break_lines(broken, most) > lines; most++)
        memcpy(broken, text, strlen(text));
    return broken;
}

/* ---- measuring ---- */

static int fail_drawing(int code)
{
    if (code == AVERROR_FILTER_NOT_FOUND)
        return sol_fail(SOL_ERR_ARGUMENT, "\"text\": this FFmpeg has no drawtext, which draws captions; one that is built "
                        "with libfreetype has it");
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("a caption");
    return sol_fail(SOL_ERR_ARGUMENT, "\"text\": no font is found to write it in; install one, such as DejaVu (Debian: "
                    "fonts-dejavu-core)");
}

/* Draws the frame's only line; *width is that of its ink, 0 for blanks. */
static int measure_in(const char *line, const char *font, AVFrame *frame, int *width)
{
    char *options = sol_format("%s:expansion=none:fontcolor=white:fontsize=%d:x=%d:y=%d", font, SAMPLE, SAMPLE, SAMPLE);
    SolFilterStep step = {"drawtext", options, line};
    SolFilters *filters = NULL;
    int code = options ? sol_filters_open(&filters, frame, (AVRational){1, 1}, &step, 1) : AVERROR(ENOMEM);
    int first = frame->width, last = -1;
    if (code >= 0)
        code = sol_filters_give(filters, frame);
    if (code >= 0)
        code = sol_filters_take(filters, frame);
    for (int y = 0; y < frame->height && code >= 0; y++)
        for (int x = 0; x < frame->width; x++)
            if (frame->data[0][(ptrdiff_t)y * frame->linesize[0] + x] > 0x40) {
                first = x < first ? x : first;
                last = x > last ? x : last;
            }
    sol_filters_close(&filters);
    free(options);
    *width = last < first ? 0 : last - first + 1;
    return code;
}

/* How wide a line is at the size SAMPLE; *font is the one to write in, and NULL where that is still to be found. */
static int measure(const char *line, const char **font, int *width)
{
    int code = 0, side = SAMPLE * (count_characters(line) + 3);
    for (size_t i = 0; i < sizeof fonts / sizeof *fonts; i++) {
        const char *used = *font ? *font : fonts[i];
        AVFrame *frame = av_frame_alloc();
        if (!frame)
            return sol_fail_memory("a caption");
        frame->format = AV_PIX_FMT_GRAY8;
        frame->width = side < MOST_SIDE ? side : MOST_SIDE;
        frame->height = 3 * SAMPLE;
        code = av_frame_get_buffer(frame, 0);
        if (code >= 0) {
            memset(frame->data[0], 0, (size_t)frame->linesize[0] * (size_t)frame->height);
            code = measure_in(line, used, frame, width);
        }
        av_frame_free(&frame);
        if (code >= 0) {
            *font = used;
            return SOL_OK;
        }
        if (*font || code == AVERROR_FILTER_NOT_FOUND)
            break;
    }
    return fail_drawing(code);
}

/* ---- laying out ---- */

/* Cuts `text` at its line breaks; the size, in pixels, at which all lines fit. */
static int fit(SolCaption *caption, char *text, int width, int height, const char **font, double *size)
{
    double most = usual_size * fmin(height, 0.75 * width);
    char *rest = text, *line;
    int result = SOL_OK;
    caption->count = 0;
    while (result == SOL_OK && caption->count < SOL_CAPTION_LINES && (line = strtok_r(rest, "\n", &rest))) {
        int ink = 0;
        result = measure(line, font, &ink);
        if (result == SOL_OK && ink > 0)
            most = fmin(most, widest * width / (ink + 2 * outline * SAMPLE) * SAMPLE);
        caption->steps[caption->count++] = (SolFilterStep){"drawtext", NULL, line};
    }
    *size = fmin(most, highest * height / (line_height * caption->count));
    return result;
}

/* Where every line is drawn, and how. */
static int place(SolCaption *caption, const char *font, double size, int height)
{
    for (int i = 0; i < caption->count; i++) {
        double baseline = height - size * (below_baseline + line_height * (caption->count - 1 - i));
        caption->options[i] = sol_format("%s:expansion=none:fontcolor=white:bordercolor=black:fontsize=%d:borderw=%d:"
                                         "x=(w-text_w)/2:y=%d-max_glyph_a", font, (int)fmax(1, floor(size)),
                                         (int)fmax(1, floor(outline * size + 0.5)), (int)floor(baseline));
        if (!caption->options[i])
            return sol_fail_memory("a caption");
        caption->steps[i].options = caption->options[i];
    }
    return SOL_OK;
}

int sol_caption_lay_out(SolCaption *out, const char *text, int width, int height)
{
    const double usual = usual_size * fmin(height, 0.75 * width);
    const char *font = NULL;
    SolCaption best = {0};
    double best_size = 0;
    int most = strchr(text, '\n') || !strchr(text, ' ') ? 1 : SOL_CAPTION_LINES, result = sol_caption_check(text);
    for (int lines = 1; lines <= most && result == SOL_OK && best_size < usual - 0.5; lines++) {
        SolCaption caption = {.text = lines == 1 ? sol_copy(text) : spread(text, lines)};
        double size = 0;
        result = caption.text ? fit(&caption, caption.text, width, height, &font, &size) : sol_fail_memory("a caption");
        if (result == SOL_OK && size > best_size) {
            sol_caption_clear(&best);
            best = caption;
            best_size = size;
        } else {
            sol_caption_clear(&caption);
        }
    }
    if (result == SOL_OK)
        result = place(&best, font, best_size, height);
    if (result == SOL_OK)
        *out = best;
    else
        sol_caption_clear(&best);
    return result;
}

void sol_caption_clear(SolCaption *caption)
{
    for (int i = 0; i < SOL_CAPTION_LINES; i++)
        free(caption->options[i]);
    free(caption->text);
    *caption = (SolCaption){0};
}
