/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures of one size on the disk, to be gone through more than once, forth and back: compressed without loss, each by
 * itself. The file has no name, so that the system takes it away when it is closed, however the process ends.
 */
#ifndef SOL_MEDIA_FRAME_STORE_H
#define SOL_MEDIA_FRAME_STORE_H

#include <solstice/image.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct SolFrameStore SolFrameStore;

/**
 * @param[out] store  untouched on failure; released by sol_frame_store_close()
 * @param path        of an output that is being written: the store lies beside it, and messages name it; borrowed
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_frame_store_open(SolFrameStore **store, const char *path, int width, int height);

/** Puts a picture of the store's size behind the others, with its time. */
int sol_frame_store_add(SolFrameStore *store, const SolImage *image, int64_t time);

/** How many pictures there are. */
int64_t sol_frame_store_count(const SolFrameStore *store);

/** Goes to before the first picture, or behind the last one. */
void sol_frame_store_rewind(SolFrameStore *store, bool to_end);

/**
 * Steps to the next picture, or back to the one before, and tells its time. Pictures that are only stepped over are not
 * read.
 *
 * @param[out] got  false at the end
 * @return 0 or SOL_ERR_IO
 */
int sol_frame_store_step(SolFrameStore *store, bool back, int64_t *time, bool *got);

/**
 * The picture that was stepped to last.
 *
 * @param[out] image  a new one; untouched on failure
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_frame_store_image(SolFrameStore *store, SolImage **image);

/** Sets *store to NULL; NULL is accepted. */
void sol_frame_store_close(SolFrameStore **store);

#endif
