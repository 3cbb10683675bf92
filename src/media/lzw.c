/* SPDX-License-Identifier: Apache-2.0
 *
 * LZW codes and their packing into bytes and sub-blocks.
 */
#include "media/lzw.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum {
    MAX_WIDTH = 12,         /* bits of a code */
    BLOCK = 255,            /* bytes in a sub-block */
    SPARE = 1024            /* bytes for what is no pixel: clearing, ending, the heads of sub-blocks */
};

int sol_lzw_reserve(SolLzw *lzw, size_t pixels)
{
    size_t needed;
    void *bytes = lzw->bytes;
    /* 12 bits, a bit for clearing, and the heads of sub-blocks make less than two bytes */
    if (!sol_mul(pixels, 2, &needed) || !sol_add(needed, lzw->size + SPARE, &needed) ||
        !sol_grow(&bytes, &lzw->capacity, needed, 1))
        return sol_fail_memory("a GIF's frames");
    lzw->bytes = bytes;
    return SOL_OK;
}

static void put_byte(SolLzw *lzw, unsigned byte)
{
    lzw->bytes[lzw->size++] = (uint8_t)byte;
    if (lzw->size - lzw->block == BLOCK + 1) {
        lzw->bytes[lzw->block] = BLOCK;
        lzw->block = lzw->size++;
    }
}

/* Puts a code without a thought of the dictionary. */
static void put_bits(SolLzw *lzw, int code)
{
    lzw->held |= (unsigned)code << lzw->held_bits;
    lzw->held_bits += lzw->width;
    while (lzw->held_bits >= 8) {
        put_byte(lzw, lzw->held & 0xff);
        lzw->held >>= 8;
        lzw->held_bits -= 8;
    }
}

static int width_of(int colours)
{
    int width = 1;
    while (1 << width < colours)
        width++;
    return width + 1;
}

void sol_lzw_clear(SolLzw *lzw)
{
    put_bits(lzw, lzw->colours);
    for (int i = 0; i < lzw->colours; i++)
        lzw->nodes[i].child = 0;
    lzw->count = lzw->colours + 2;
    lzw->width = width_of(lzw->colours);
}

int sol_lzw_begin(SolLzw *lzw, int colours)
{
    lzw->colours = colours;
    lzw->width = width_of(colours);
    lzw->held = 0;
    lzw->held_bits = 0;
    lzw->size = 0;
    if (sol_lzw_reserve(lzw, 0) != SOL_OK)
        return SOL_ERR_NOMEM;
    lzw->block = lzw->size++;
    for (int i = 0; i < colours; i++)
        lzw->nodes[i] = (SolLzwNode){.index = (uint8_t)i};
    sol_lzw_clear(lzw);
    return SOL_OK;
}

void sol_lzw_put(SolLzw *lzw, int code)
{
    put_bits(lzw, code);
    if (lzw->count >= 1 << lzw->width && lzw->width < MAX_WIDTH)
        lzw->width++;
}

int sol_lzw_add(SolLzw *lzw, int parent, int index)
{
    SolLzwNode *added;
    if (lzw->count == SOL_LZW_CODES)
        return 0;
    added = &lzw->nodes[lzw->count];
    added->child = 0;
    added->next = lzw->nodes[parent].child;
    added->index = (uint8_t)index;
    lzw->nodes[parent].child = (uint16_t)lzw->count;
    return lzw->count++;
}

void sol_lzw_end(SolLzw *lzw)
{
    put_bits(lzw, lzw->colours + 1);
    if (lzw->held_bits > 0)
        put_byte(lzw, lzw->held);
    if (lzw->size - lzw->block == 1)
        lzw->size--; /* nothing is in the last one */
    else
        lzw->bytes[lzw->block] = (uint8_t)(lzw->size - lzw->block - 1);
}
