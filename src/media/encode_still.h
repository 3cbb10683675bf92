/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding one picture as a PNG or JPEG file: what single images and numbered stills share.
 */
#ifndef SOL_MEDIA_ENCODE_STILL_H
#define SOL_MEDIA_ENCODE_STILL_H

#include "image/image.h"

/* The extensions of still images that can be written, as sol_path_has_extension() takes them. */
#define SOL_STILL_EXTENSIONS "png jpg jpeg"

/**
 * Encodes `image` as the extension of `name` says (PNG, lossless; JPEG, of high quality, colours not
 * subsampled) and writes it to the file `to`, which is created or replaced. `to` may be a temporary
 * name (sol_pending_path()); messages speak of `name`.
 *
 * @return 0, SOL_ERR_ARGUMENT (another extension), SOL_ERR_IO or SOL_ERR_NOMEM
 */
int sol_still_encode(const SolImage *image, const char *name, const char *to);

#endif
