/* SPDX-License-Identifier: Apache-2.0
 *
 * Whitening and colouring at one depth and at five, as the published networks and a reference of the transform in
 * PyTorch compute it: what each encoder and decoder makes of a picture, what each level makes of the former's
 * painting, and the fourth level by itself.
 *
 * The networks are not ours: the model is made of the files in ../shared/data by tests/support/distilled-wct.py, for
 * which PyTorch must be there.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "base/pool.h"
#include "image/image.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "nn/levels.h"
#include "nn/tiled.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE 1e-3
#define SHARED "../shared/data"
#define CONVERT "tests/support/distilled-wct.py " SHARED "/models/distilled-vgg19 models/vgg19-distilled-wct.json "

enum { LEVELS = 5, CHANNELS = 3 };

typedef struct Fixture {
    char *folder;
    SolModel *model; /* NULL where it cannot be made */
    SolPool *pool;
    SolTensors *golden;
    SolShape shape;              /* of the content */
    float *content, *style;
    SolShape style_shape;
} Fixture;

static float *load(const Fixture *f, const char *path, SolShape *shape)
{
    SolImage *image = NULL;
    float *planes;
    assert_int_equal(sol_image_load(&image, path), 0);
    *shape = (SolShape){CHANNELS, image->height, image->width};
    planes = malloc(CHANNELS * sizeof *planes * sol_shape_plane(*shape));
    assert_non_null(planes);
    sol_image_to_planes(image, sol_shape_area(*shape), planes, f->pool);
    sol_image_unref(&image);
    return planes;
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    char *path, *command;
    *state = f;
    if (!f || sol_pool_open(&f->pool, 2) != 0)
        return -1;
    if (access(SHARED "/golden/distilled-vgg19-wct.safetensors", R_OK) != 0 ||
        system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0)
        return 0;
    f->folder = make_folder();
    path = in_folder(f->folder, "wct.safetensors");
    command = sol_format("/usr/bin/python3 " CONVERT "%s", path);
    assert_int_equal(system(command), 0);
    if (sol_model_open(&f->model, path) != 0)
        fail_msg("%s", sol_error_text());
    assert_int_equal(sol_tensors_read(&f->golden, SHARED "/golden/distilled-vgg19-wct.safetensors"), 0);
    f->content = load(f, SHARED "/golden/inputs/content.png", &f->shape);
    f->style = load(f, SHARED "/golden/inputs/style.png", &f->style_shape);
    free(command);
    free(path);
    return 0;
}
