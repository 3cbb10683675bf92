/* SPDX-License-Identifier: Apache-2.0
 *
 * Faces: the frame is made smaller, as far as the smallest wanted face still fills the cascade's window, and searched;
 * boxes follow what is found, and ellipses in them are the mask.
 */
#include "region/face.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "region/bands.h"
#include "region/detect.h"
#include "region/follow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1280, BAND = 32 }; /* longest side of the picture that is searched; rows a worker takes at once */

struct SolFaceFinder {
    const SolFace *face;
    SolPool *pool;
    int width, height;
    SolCascade *cascade;
    SolDetector *detector;
    int small_width, small_height; /* of the picture that is searched */
    uint8_t *grey;                 /* [small_height][small_width] */
    /* remembered */
    int64_t frame;                 /* since the scene began */
    SolFollower follower;
};

int sol_face_find_cascade(char **path)
{
    static const char *const folders[] = {"/usr/share/opencv4",          "/usr/local/share/opencv4",
                                          "/opt/homebrew/share/opencv4", "/opt/local/share/opencv4",
                                          "/usr/share/opencv",           "/usr/share/OpenCV"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *found = sol_format("%s/haarcascades/haarcascade_frontalface_default.xml", folders[i]);
        if (!found)
            return sol_fail_memory("a cascade's path");
        if (sol_path_exists(found)) {
            *path = found;
            return SOL_OK;
        }
        free(found);
    }
    return sol_fail(SOL_ERR_IO, "the cascade that finds faces, OpenCV's haarcascade_frontalface_default.xml, is not "
                                "installed; install OpenCV's data (on Debian the package opencv-data), or give "
                                "\"cascade\" with the path of a cascade");
}

int sol_face_digest(const SolFace *face, SolDigester *digester)
{
    sol_digester_add_double(digester, face->scale);
    sol_digester_add_double(digester, face->smallest_share);
    sol_digester_add_double(digester, face->smallest);
    sol_digester_add_int(digester, face->neighbours);
    sol_digester_add_int(digester, face->every);
    return sol_digester_add_file(digester, face->cascade);
}

/* ---- opening and closing ---- */

static int open_detector(SolFaceFinder *f, double scale)
{
    SolDetecting how = {.factor = 1.1, .neighbours = f->face->neighbours};
    int longer = f->width > f->height ? f->width : f->height, shorter = f->width < f->height ? f->width : f->height;
    double smallest = f->face->smallest_share * shorter + f->face->smallest * scale, share = 1;
    if (smallest > f->cascade->height)
        share = f->cascade->height / smallest;
    share = fmin(share, (double)LONGEST / longer);
    f->small_width = (int)fmax(round(f->width * share), 1);
    f->small_height = (int)fmax(round(f->height * share), 1);
    how.smallest = smallest * share - 0.5;
    f->grey = sol_alloc((size_t)f->small_width, (size_t)f->small_height);
    if (!f->grey)
        return sol_fail_memory("a finder of faces");
    return sol_detector_open(&f->detector, f->cascade, f->small_width, f->small_height, &how, f->pool);
}

int sol_face_finder_open(SolFaceFinder **finder, const SolFace *face, int width, int height, double scale,
                         SolPool *pool)
{
    SolFaceFinder *f = sol_calloc(1, sizeof *f);
    int code;
    if (!f)
        return sol_fail_memory("a finder of faces");
    *f = (SolFaceFinder){.face = face, .pool = pool, .width = width, .height = height};
    code = sol_cascade_load(&f->cascade, face->cascade);
    if (!code)
        code = open_detector(f, scale);
    if (code) {
        sol_face_finder_close(&f);
        return code;
    }
    *finder = f;
    return SOL_OK;
}

void sol_face_finder_close(SolFaceFinder **finder)
{
    SolFaceFinder *f = *finder;
    if (!f)
        return;
    sol_detector_close(&f->detector);
    sol_cascade_close(&f->cascade);
    sol_free(f->grey);
    sol_free(f);
    *finder = NULL;
}

/* ---- frames ---- */

static int search(SolFaceFinder *f, const SolImage *frame)
{
    SolFind finds[SOL_FINDS_MAX];
    SolBox boxes[SOL_FINDS_MAX];
    double x = (double)f->width / f->small_width, y = (double)f->height / f->small_height;
    SolImage *small = NULL;
    int count = 0, code = SOL_OK;
    if (f->small_width != f->width || f->small_height != f->height)
        code = sol_image_scale(&small, frame, f->small_width, f->small_height);
    if (!code) {
        sol_image_to_grey(small ? small : frame, f->grey);
        code = sol_detector_find(f->detector, f->grey, finds, &count);
    }
    sol_image_unref(&small);
    if (code)
        return code;
    for (int i = 0; i < count; i++) {
        const SolArea *box = &finds[i].box;
        boxes[i] = (SolBox){(box->x + box->width * 0.5) * x, (box->y + box->height * 0.5) * y, box->width * x,
                            box->height * y};
    }
    sol_follower_find(&f->follower, boxes, count);
    return SOL_OK;
}

typedef struct Drawing {
    const SolFaceFinder *finder;
    SolMask *mask;
} Drawing;

/* How far a pixel lies within an ellipse around the origin, 0..1; soft by about a pixel. */
static double ellipse_at(double x, double y, double rx, double ry)
{
    double u = x / (rx * rx), v = y / (ry * ry), slope = sqrt(u * u + v * v);
    double beyond = x * u + y * v - 1;
    if (slope == 0)
        return 1;
    return fmin(fmax(0.5 - beyond / (2 * slope), 0), 1);
}

static void draw_row(const SolFollowed *box, double scale, int y, uint8_t *row, int width)
{
    double rx = 0.4 * scale * box->shown.width, ry = 0.5 * scale * box->shown.height, dy = y + 0.5 - box->shown.y;
    double most = 255.0 * box->level / SOL_FOLLOWED_FULL;
    int first = (int)fmin(fmax(floor(box->shown.x - rx - 1), 0), width);
    int end = (int)fmin(fmax(ceil(box->shown.x + rx + 1), 0), width);
    if (fabs(dy) > ry + 1)
        return;
    for (int x = first; x < end; x++) {
        uint8_t value = (uint8_t)(most * ellipse_at(x + 0.5 - box->shown.x, dy, rx, ry) + 0.5);
        row[x] = value > row[x] ? value : row[x];
    }
}

static void draw_band(void *context, int item)
{
    const Drawing *drawing = context;
    const SolFollower *follower = &drawing->finder->follower;
    SolMask *mask = drawing->mask;
    SolBand rows = sol_band(mask->height, BAND, item);
    for (int y = rows.first; y < rows.end; y++) {
        uint8_t *row = sol_mask_row(mask, y);
        memset(row, 0, (size_t)mask->width);
        for (int i = 0; i < follower->count; i++)
            if (follower->boxes[i].level > 0)
                draw_row(&follower->boxes[i], drawing->finder->face->scale, y, row, mask->width);
    }
}

int sol_face_finder_at(SolFaceFinder *f, const SolImage *frame, SolMask *mask)
{
    Drawing drawing = {f, mask};
    int code = f->frame % f->face->every == 0 ? search(f, frame) : SOL_OK;
    if (code)
        return code;
    f->frame++;
    sol_follower_step(&f->follower);
    sol_band_run(f->pool, draw_band, &drawing, sol_band_count(mask->height, BAND));
    return SOL_OK;
}

/* ---- memory ---- */

void sol_face_finder_forget(SolFaceFinder *f)
{
    f->frame = 0;
    f->follower = (SolFollower){0};
}

void sol_face_finder_save(const SolFaceFinder *f, SolBlob *blob)
{
    sol_blob_put_int(blob, f->frame);
    sol_follower_save(&f->follower, blob);
}

void sol_face_finder_restore(SolFaceFinder *f, SolBlob *blob)
{
    int64_t frame = sol_blob_get_int(blob);
    sol_face_finder_forget(f);
    if (sol_follower_restore(&f->follower, blob) && frame >= 0)
        f->frame = frame;
    else
        sol_face_finder_forget(f);
}
