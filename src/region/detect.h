/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding what a cascade was trained for, at any size, in a picture: a window is slid over a pyramid of smaller and
 * smaller copies, and windows that pass and lie on each other are grouped. It is what OpenCV's detectMultiScale() does,
 * so that its cascades find here what they find there.
 */
#ifndef SOL_REGION_DETECT_H
#define SOL_REGION_DETECT_H

#include "base/area.h"
#include "base/pool.h"
#include "image/image.h"
#include "region/cascade.h"

/* How it is looked for. */
typedef struct SolDetecting {
    double factor;  /* from a size to the next, more than 1; 1.1 */
    int neighbours; /* windows that a find must have beside its own, 0 or more; 3. 0: every window is a find */
    double smallest, largest; /* heights of finds, pixels of the picture; largest 0: any */
} SolDetecting;

typedef struct SolFind {
    SolArea box; /* may reach a little beyond the picture */
    int windows; /* how many were grouped */
} SolFind;

typedef struct SolDetector SolDetector;

/** Most finds of a picture; further ones are passed over. */
enum { SOL_FINDS_MAX = 256 };

/**
 * @param[out] detector  untouched on failure; released by sol_detector_close()
 * @param cascade        borrowed until then
 * @param width,height   of the grey pictures, 1..SOL_IMAGE_MAX_SIDE
 * @param pool           borrowed; NULL: the calling thread alone. The number of threads changes nothing
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_detector_open(SolDetector **detector, const SolCascade *cascade, int width, int height,
                      const SolDetecting *how, SolPool *pool);

/**
 * @param grey    [height][width]
 * @param finds   [SOL_FINDS_MAX], in the order of y, then x, then size
 * @param count   how many there are
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_detector_find(SolDetector *detector, const uint8_t *grey, SolFind finds[SOL_FINDS_MAX], int *count);

/** Sets *detector to NULL; NULL is accepted. */
void sol_detector_close(SolDetector **detector);

/** Grey of a picture, [height][width]: 0.299 R + 0.587 G + 0.114 B, rounded. */
void sol_image_to_grey(const SolImage *image, uint8_t *grey);

#endif
