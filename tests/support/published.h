/* SPDX-License-Identifier: Apache-2.0
 *
 * Published networks of the reference material, as models.
 */
#ifndef TEST_PUBLISHED_H
#define TEST_PUBLISHED_H

#include <stdbool.h>

#define SHARED_DATA "../shared/data"

/** Whether the reference material is there. */
bool has_published(void);

/** Skips the test where it is not. */
void need_published(void);

/** Writes the transform network of the style `name` ("wave") as a model file. */
void write_transform_net(const char *path, const char *name);

/** Writes the distilled VGG-19, five encoders and decoders, as a model file. */
void write_distilled_wct(const char *path);

/** Writes the encoder alone of the distilled VGG-19's fifth level as a model file. */
void write_distilled_features(const char *path);

#endif
