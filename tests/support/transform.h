/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform networks of the reference material as models.
 */
#ifndef TEST_TRANSFORM_H
#define TEST_TRANSFORM_H

#define SHARED_DATA "../shared/data"

/** Skips the test where the reference material is absent. */
void need_transform_nets(void);

/** Writes the network of the style `name` ("wave") as a model file. */
void write_transform_net(const char *path, const char *name);

#endif
