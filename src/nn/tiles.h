/* SPDX-License-Identifier: Apache-2.0
 *
 * How a picture is cut into tiles that a network can run on one by one.
 *
 * Tiles overlap; their cores do not, and together they are the picture. Around its core a tile has a halo, wide
 * enough that what the network makes of the core is what it makes of it in the whole picture: within the halo, the
 * border that the network puts around a tile does harm. At the picture's own edges there is none, since the border
 * belongs there. All tiles have the same size, so that one plan serves them, and begin at multiples of what the
 * network's poolings divide by.
 */
#ifndef SOL_NN_TILES_H
#define SOL_NN_TILES_H

#include "base/area.h"
#include "nn/graph.h"

/* One side of a picture and how it is cut, all in pixels. */
typedef struct SolTileSide {
    int whole, tile; /* the picture's side and the tiles'; the same remainder by `multiple` */
    int halo;        /* on either side of a core; a multiple of `multiple` */
    int multiple;
    int count;       /* of tiles */
} SolTileSide;

/**
 * halos[n] = how far within a tile, from an edge that is not the picture's, results of node n differ from those on
 * the whole picture: in pixels of the input, rounded up to a multiple of sol_graph_multiple(). Nodes that
 * normalise are taken to work pixel by pixel.
 *
 * @param halos  one for every node of the graph
 */
void sol_tile_halos(const SolGraph *graph, int halos[]);

/**
 * The first node that keeps a network from being run on tiles: pad, and convolutions with SOL_BORDER_VALID, of which
 * pixels do not lie where their input's do; -1 for none.
 */
int sol_tile_obstacle(const SolGraph *graph);

/** Cuts a side into tiles of `tile` pixels. */
SolTileSide sol_tile_side(int whole, int tile, int halo, int multiple);

/**
 * How many tiles a side can be cut into, 1 or more: their cores are so large that the halos are not nearly all of
 * the work.
 */
int sol_tile_most(int whole, int halo, int multiple);

/** The size of the smallest tiles of which `count`, 1..sol_tile_most(), are enough for a side. */
int sol_tile_for_count(int whole, int count, int halo, int multiple);

/** Where tile `i`, 0..count-1, begins. */
int sol_tile_first(const SolTileSide *side, int i);

/** Where the core of tile `i` begins; that of tile `count` is the picture's end. */
int sol_tile_core(const SolTileSide *side, int i);

/** A number of the input's pixels as so many of a node of this level, without what is left over. */
int sol_tile_scale(int pixels, int level);

/**
 * A core within a tile, as pixels of a node's result.
 *
 * @param x, y   the column and row of the tile
 * @param shape  of the node's result on a tile
 * @param level  of the node
 */
SolArea sol_tile_core_area(const SolTileSide *across, const SolTileSide *down, int x, int y, SolShape shape, int level);

#endif
