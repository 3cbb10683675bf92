/* SPDX-License-Identifier: Apache-2.0
 *
 * What a render keeps while it runs, so that a later one goes on where it was stopped, however that happened: a hidden
 * folder beside the first output. It holds, for every part that is complete, what each output made of it
 * (sol_writer_splice()), and of the part that is being painted the frames themselves. All files are of records
 * (base/records.h) under the key of their part; one that is not whole, or of another key, is as good as none.
 *
 * Functions take a store that is NULL, which keeps nothing.
 */
#ifndef SOL_RENDER_STORE_H
#define SOL_RENDER_STORE_H

#include <solstice/render.h>

#include "render/painters.h"
#include "render/parts.h"

typedef struct SolStore SolStore;

/* What a store works with; all borrowed. */
typedef struct SolStoreSource {
    const SolOutputSettings *outputs; /* [output_count] */
    int output_count;
    const SolWriterInput *input;
    const SolParts *parts;
    bool pairs;                       /* an output shows what frames were painted from, which is kept, too */
} SolStoreSource;

/**
 * Opens the folder, which is made where it is missing, for this process alone, and finds what there is of the parts:
 * their `reused` and `kept` are set.
 *
 * @param[out] store  untouched on failure; released by sol_store_close()
 * @return 0, SOL_ERR_EXISTS (another process renders the same output), SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_store_open(SolStore **store, const SolStoreSource *source);

/* In the thread that paints: */

/** Makes sure of room for a frame of a part, before it is painted or kept. SOL_ERR_IO where there is none. */
int sol_store_ready(SolStore *store, const SolPart *part);

/** Keeps a painted frame, for which sol_store_ready() has made room, and now and then what the painters remember of it. */
int sol_store_keep(SolStore *store, const SolPart *part, const SolImage *image, const SolPainters *painters);

/**
 * Keeps what the painters remember of the frame kept last, where that is what they painted last: a render that is stopped
 * calls it. sol_store_keep() does so once a second only, so that after a power cut what was painted since is painted anew.
 */
int sol_store_pause(SolStore *store, const SolPainters *painters);

/**
 * Gives the painters back what they remembered when they had painted the frame `before`, where it is kept.
 *
 * @param part  of the frame to be painted, and that or the one before it is that of `before`
 */
int sol_store_remind(SolStore *store, const SolPart *part, int64_t before, SolPainters *painters);

/* In the thread that writes: */

/** Begins a part of every output. */
int sol_store_begin(SolStore *store, const SolPart *part, SolWriter *const writers[]);

/** Writes the first `part->kept` frames to all outputs. */
int sol_store_replay(SolStore *store, const SolPart *part, SolWriter *const writers[]);

/** Ends a part of every output; it is kept from now on, and its frames no longer are. */
int sol_store_end(SolStore *store, const SolPart *part, SolWriter *const writers[], int count);

/** Puts a part that is kept into every output. */
int sol_store_splice(SolStore *store, const SolPart *part, SolWriter *const writers[]);

/**
 * Notes that outputs are about to be given their names, so that a later render of the same may replace those that have
 * theirs; or, where `begins` is false, that it may not.
 */
int sol_store_naming(SolStore *store, bool begins);

/** Whether a render that was stopped had noted so. */
bool sol_store_was_naming(const SolStore *store);

/** How many frames are kept by now, in all parts. */
int64_t sol_store_frames(const SolStore *store);

/**
 * Closes the folder, and removes it where nothing is kept in it. Sets *store to NULL.
 *
 * @param remove  also what is kept
 */
void sol_store_close(SolStore **store, bool remove);

/** The folder's name for an output, freed with free(); NULL: no memory. */
char *sol_store_folder(const char *output);

/** Whether `entry` of a folder is called as the store of a render of an output `name` is; NULL: of any. */
bool sol_store_is_called(const char *entry, const char *name);

/* A store of which nobody may be in need. */
typedef struct SolStoreRest {
    int64_t bytes;    /* of what a store keeps */
    bool held;        /* a render is at work with it, and it stays */
    long holder;      /* the process, 0 where it is not known */
    bool has_others;  /* files that no store makes lie in it, too, and stay with it; without bytes, it is no store */
} SolStoreRest;

/**
 * Looks at the store that is the folder `path`, and where `remove` is true, removes it unless it is held.
 *
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_store_rest(const char *path, bool remove, SolStoreRest *rest);

#endif
