/* SPDX-License-Identifier: Apache-2.0
 *
 * The compression of GIFs: Welch, "A technique for high-performance data compression" (1984), with codes of 3 to 12
 * bits, lowest bits first, in the sub-blocks of GIF89a. The dictionary lies open, as a tree that a caller walks: each
 * code is a node, and stands for the indices on the way from the root to it.
 */
#ifndef SOL_MEDIA_LZW_H
#define SOL_MEDIA_LZW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOL_LZW_CODES = 4096 };

/* A code. The nodes 0 .. colours - 1 stand for one index each, and are nobody's child. */
typedef struct SolLzwNode {
    uint16_t child, next;   /* the first of its children; the next one of its parent's; 0: none */
    uint8_t colour[3];      /* of its last index, as the palette has it */
    uint8_t index;          /* its last index */
} SolLzwNode;

typedef struct SolLzw {
    SolLzwNode nodes[SOL_LZW_CODES];
    int colours;            /* a power of two; the code `colours` clears the dictionary, the one behind it ends the data */
    int count;              /* codes in use; SOL_LZW_CODES: the dictionary is full */
    int width;              /* bits of the next code */
    unsigned held;          /* bits that do not fill a byte yet, */
    int held_bits;          /* and how many */
    uint8_t *bytes;         /* [size] sub-blocks: a length of 1..255, and as many bytes; freed with free() */
    size_t size, capacity, block; /* block: where the last one, still open, begins */
} SolLzw;

/**
 * Begins the data of an image, in place of what bytes there are.
 *
 * @param colours  a power of two, 4..256
 */
int sol_lzw_begin(SolLzw *lzw, int colours);

/** Makes room for the codes of `pixels` more pixels, as many codes at worst: 0 or SOL_ERR_NOMEM. */
int sol_lzw_reserve(SolLzw *lzw, size_t pixels);

/** Writes a code. It is to be followed by sol_lzw_add(), sol_lzw_clear() or sol_lzw_end(). */
void sol_lzw_put(SolLzw *lzw, int code);

/**
 * Adds the string of `parent`, which was put last, continued by `index`, where the dictionary has room: the first index
 * of what is put next.
 *
 * @return the new node, first of its parent's children, without a colour; 0: the dictionary is full
 */
int sol_lzw_add(SolLzw *lzw, int parent, int index);

/** Empties the dictionary. */
void sol_lzw_clear(SolLzw *lzw);

/** Ends the data, which is complete then. */
void sol_lzw_end(SolLzw *lzw);

#endif
