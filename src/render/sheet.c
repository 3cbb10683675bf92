/* SPDX-License-Identifier: Apache-2.0
 *
 * Contact sheets: which frames they show, where these are, and what is written beside them.
 */
#include <solstice/render.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image/letters.h"
#include "render/frames.h"

#include <stdio.h>
#include <string.h>

/* Pixels: around the sheet, between columns, between a source and its painting. */
enum { MARGIN = 16, BETWEEN = 8, SEAM = 2 };
/* Where no width is given: that of a sheet at least and about, and of a picture at least. */
enum { LEAST_WIDTH = 320, USUAL_WIDTH = 1280, USUAL_CELL = 160, LEAST_CELL = 16 };
enum { LETTERS_WIDTH = 640, MOST_SCALE = 8, TEXT = 512 }; /* a sheet this wide has letters of scale 1 */
/* Pixels of letters: above a line of text or below it, such a line, above a row, between texts. */
enum { ABOVE = 3, LINE = SOL_LETTERS_HEIGHT + ABOVE, ROW_GAP = 8, WORD_GAP = 8 };

static const uint8_t paper[3] = {24, 24, 26}, bright[3] = {240, 240, 236}, dim[3] = {150, 150, 146};

typedef struct Cell {
    int64_t number; /* of the frame */
    int row, column;
} Cell;

typedef struct Sheet {
    int columns, width;              /* wanted; width 0: what suits */
    Cell *cells;                     /* [count], numbers ascending */
    int count, taken;
    int rows, widest;                /* columns of the row that has most */
    int cell_width, cell_height, scale;
    SolImage *image;
} Sheet;

/* ---- which frames ---- */

/* Frames of a segment, at most one a column, spread evenly. */
static void choose_row(Sheet *sheet, const SolStretch *stretch)
{
    int64_t frames = stretch->last - stretch->first + 1;
    int columns = frames < sheet->columns ? (int)frames : sheet->columns;
    for (int i = 0; i < columns; i++)
        sheet->cells[sheet->count++] =
            (Cell){stretch->first + frames * (2 * i + 1) / (2 * columns), sheet->rows, i};
    sheet->widest = columns > sheet->widest ? columns : sheet->widest;
    sheet->rows++;
}

static int choose_cells(Sheet *sheet, const SolTimeline *timeline)
{
    size_t rows = (size_t)sol_timeline_count(timeline);
    sheet->cells = sol_alloc(rows * (size_t)sheet->columns, sizeof *sheet->cells);
    if (!sheet->cells)
        return sol_fail_memory("a contact sheet");
    for (size_t i = 0; i < rows; i++) {
        SolStretch stretch;
        sol_timeline_stretch(timeline, (int)i, &stretch);
        if (stretch.covered)
            choose_row(sheet, &stretch);
    }
    return SOL_OK;
}

/* ---- where they are ---- */

static int row_height(const Sheet *sheet)
{
    return (2 * LINE + ROW_GAP) * sheet->scale + 2 * sheet->cell_height + SEAM;
}

static int row_top(const Sheet *sheet, int row)
{
    return MARGIN + row * row_height(sheet);
}

/* How wide a picture is, of frames that are `width` wide. */
static int choose_cell_width(Sheet *sheet, int width)
{
    int gaps = 2 * MARGIN + (sheet->widest - 1) * BETWEEN, wanted = sheet->width;
    int usual = gaps + sheet->widest * USUAL_CELL;
    if (wanted == 0)
        wanted = usual > USUAL_WIDTH ? usual : USUAL_WIDTH;
    sheet->cell_width = (wanted - gaps) / sheet->widest;
    if (sheet->cell_width < LEAST_CELL)
        return sol_fail(SOL_ERR_ARGUMENT, "a sheet that is %d pixels wide has no room for %d columns; make it %d or "
                        "more", wanted, sheet->widest, gaps + sheet->widest * LEAST_CELL);
    if (sheet->width == 0) {
        if (sheet->cell_width > width)
            sheet->cell_width = width;
        sheet->width = gaps + sheet->widest * sheet->cell_width;
        sheet->width = sheet->width < LEAST_WIDTH ? LEAST_WIDTH : sheet->width;
    }
    return SOL_OK;
}

/* Decides all sizes, for frames of width x height, and makes the empty sheet. */
static int lay_out(Sheet *sheet, int width, int height)
{
    int64_t cell_height, sheet_height;
    int result = choose_cell_width(sheet, width);
    if (result != SOL_OK)
        return result;
    sheet->scale = (sheet->width + LETTERS_WIDTH / 2) / LETTERS_WIDTH;
    sheet->scale = sheet->scale < 1 ? 1 : sheet->scale > MOST_SCALE ? MOST_SCALE : sheet->scale;
    cell_height = ((int64_t)height * sheet->cell_width + width / 2) / width;
    sheet->cell_height = cell_height < 1 ? 1 : cell_height > SOL_IMAGE_MAX_SIDE ? SOL_IMAGE_MAX_SIDE : (int)cell_height;
    sheet_height = 2 * MARGIN - ROW_GAP * sheet->scale + (int64_t)sheet->rows * row_height(sheet);
    if (sheet->width > SOL_IMAGE_MAX_SIDE || sheet_height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "the sheet would be %dx%lld pixels, and sides can be %d at most; make it "
                        "narrower", sheet->width, (long long)sheet_height, SOL_IMAGE_MAX_SIDE);
    result = sol_image_create(&sheet->image, sheet->width, (int)sheet_height);
    for (int y = 0; y < sheet_height && result == SOL_OK; y++)
        for (int x = 0; x < sheet->width; x++)
            memcpy(sol_image_row(sheet->image, y) + 3 * (size_t)x, paper, sizeof paper);
    return result;
}

/* ---- captions ---- */

/* A row's caption: whose frames these are, which, and how they are painted. */
static void draw_caption(const Sheet *sheet, const SolStretch *stretch, int row)
{
    char frames[64], look[TEXT];
    const char *texts[] = {stretch->name, frames, look};
    int x = MARGIN;
    if (stretch->first == stretch->last)
        snprintf(frames, sizeof frames, "frame %lld", (long long)stretch->first);
    else
        snprintf(frames, sizeof frames, "frames %lld-%lld", (long long)stretch->first, (long long)stretch->last);
    if (stretch->layer_count > 0)
        sol_stretch_describe(stretch, false, look, sizeof look);
    else
        snprintf(look, sizeof look, "untouched");
    for (int i = 0; i < 3; i++)
        x += sol_letters_draw(sheet->image, x, row_top(sheet, row), sheet->width - MARGIN - x, sheet->scale,
                              i ? dim : bright, texts[i]) + WORD_GAP * sheet->scale;
}

static void draw_captions(const Sheet *sheet, const SolTimeline *timeline)
{
    for (int i = 0, row = 0; i < sol_timeline_count(timeline); i++) {
        SolStretch stretch;
        sol_timeline_stretch(timeline, i, &stretch);
        if (stretch.covered)
            draw_caption(sheet, &stretch, row++);
    }
}

/* ---- frames ---- */

static int choose(void *context, const SolTimeline *timeline, int width, int height, int64_t **numbers, int *count)
{
    Sheet *sheet = context;
    int result = choose_cells(sheet, timeline);
    if (result == SOL_OK)
        result = lay_out(sheet, width, height);
    if (result == SOL_OK && !(*numbers = sol_alloc((size_t)sheet->count, sizeof **numbers)))
        result = sol_fail_memory("a contact sheet");
    if (result != SOL_OK)
        return result;
    draw_captions(sheet, timeline);
    for (int i = 0; i < sheet->count; i++)
        (*numbers)[i] = sheet->cells[i].number;
    *count = sheet->count;
    return SOL_OK;
}

/* Puts a picture, scaled, at a place on the sheet. */
static int put(const Sheet *sheet, const SolImage *image, int x, int y)
{
    SolImage *scaled = NULL;
    int result = sol_image_scale(&scaled, image, sheet->cell_width, sheet->cell_height);
    for (int row = 0; row < sheet->cell_height && result == SOL_OK; row++)
        memcpy(sol_image_row(sheet->image, y + row) + 3 * (size_t)x, sol_image_row(scaled, row),
               3 * (size_t)sheet->cell_width);
    sol_image_unref(&scaled);
    return result;
}

static int take(void *context, const SolImage *image)
{
    Sheet *sheet = context;
    const Cell *cell = &sheet->cells[sheet->taken++];
    int x = MARGIN + cell->column * (sheet->cell_width + BETWEEN);
    int y = row_top(sheet, cell->row) + LINE * sheet->scale, below = y + sheet->cell_height + SEAM;
    char text[64];
    int result = put(sheet, image->source ? image->source : image, x, y);
    if (result == SOL_OK)
        result = put(sheet, image, x, below);
    snprintf(text, sizeof text, "frame %lld", (long long)cell->number);
    sol_letters_draw(sheet->image, x, below + sheet->cell_height + ABOVE * sheet->scale, sheet->cell_width,
                     sheet->scale, dim, text);
    return result;
}

int sol_render_sheet(SolImage **out, const SolSchedule *schedule, const SolSheetOptions *wishes,
                     const SolRenderOptions *options)
{
    Sheet sheet = {.columns = wishes->columns > 0 ? wishes->columns : SOL_SHEET_COLUMNS, .width = wishes->width};
    const SolFrames frames = {choose, take, &sheet};
    int result = sol_render_frames(schedule, options, &frames);
    if (result == SOL_OK)
        *out = sheet.image;
    else
        sol_image_unref(&sheet.image);
    sol_free(sheet.cells);
    return result;
}
