/* SPDX-License-Identifier: Apache-2.0
 *
 * Cascades of OpenCV's, and what one that is taken finds in a small picture: within it, however the cascade looks.
 */
#include "fuzz/fuzz.h"

#include "region/detect.h"

enum { WIDTH = 48, HEIGHT = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const SolDetecting how = {.factor = 1.5, .neighbours = 1};
    static uint8_t grey[WIDTH * HEIGHT];
    SolFind finds[SOL_FINDS_MAX];
    SolCascade *cascade = NULL;
    SolDetector *detector = NULL;
    int count = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        grey[i] = (uint8_t)(i * 7 % 64 + (i % WIDTH / 8 + i / WIDTH / 6) % 2 * 150);
    if (sol_cascade_read(&cascade, data, size, "cascade") == 0 &&
        sol_detector_open(&detector, cascade, WIDTH, HEIGHT, &how, NULL) == 0 &&
        sol_detector_find(detector, grey, finds, &count) == 0)
        for (int i = 0; i < count; i++) {
            require(finds[i].box.x >= 0 && finds[i].box.x + finds[i].box.width <= WIDTH + 2);
            require(finds[i].box.y >= 0 && finds[i].box.y + finds[i].box.height <= HEIGHT + 2);
        }
    sol_detector_close(&detector);
    sol_cascade_close(&cascade);
    return 0;
}
