/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting: an engine made from a model, styles learned from images, and a frame painted in a style.
 */
#ifndef SOLSTICE_STYLE_H
#define SOLSTICE_STYLE_H

#include <stdbool.h>

#include <solstice/image.h>
#include <solstice/model.h>
#include <solstice/precision.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A model ready to paint: its network, planned for one frame size at a time. */
typedef struct SolEngine SolEngine;

/* A style, ready to paint with: what an engine keeps of one or several style images. */
typedef struct SolStyle SolStyle;

/* The shorter side, in pixels, at which styles are learned where nothing else is said. */
#define SOL_STYLE_SHORT_SIDE 512

/* What a painting by optimisation begins with. */
typedef enum SolInit {
    SOL_INIT_CONTENT,  /* the frame */
    SOL_INIT_STYLE,    /* the style image, in the middle of the frame */
    SOL_INIT_NOISE,    /* random pixels */
    SOL_INIT_PREVIOUS  /* the engine's former painting; the frame, where there is none of that size */
} SolInit;

/* What is kept of a style layer. */
typedef enum SolStatistics {
    SOL_STATISTICS_GRAM,   /* how much channels occur together */
    SOL_STATISTICS_MOMENTS /* mean and standard deviation of every channel */
} SolStatistics;

typedef enum SolOptimizer { SOL_OPTIMIZER_LBFGS, SOL_OPTIMIZER_ADAM } SolOptimizer;

/* How far a painting by optimisation has come. */
typedef struct SolOptimiseProgress {
    int iteration, iterations; /* done, and planned: of all levels together */
    int level, levels;         /* of the picture's pyramid, from 1, the coarsest */
    int width, height;         /* of the level */
    int evaluations;           /* of the network and back, so far */
    double loss;               /* the sum of the four, at the best picture so far of this level */
    double content, style, tv, temporal; /* with their weights */
    double seconds, seconds_left; /* since it began; about, or -1 where nothing is known */
    const void *painting;      /* for sol_optimise_picture() */
} SolOptimiseProgress;

/*
 * Painting by optimisation (method gatys; Gatys, Ecker & Bethge 2016): what is minimised, and how. docs/gatys.md has
 * the formulas. sol_optimise_defaults() fills in the defaults.
 */
typedef struct SolOptimiseOptions {
    const char *content_layers, *style_layers; /* "relu4_2" or "relu1_1=2,relu2_1": names with how much each counts
                                                  beside the others (1); NULL for those that suit the model */
    double content_weight, style_weight, tv_weight; /* 0 or more */
    double temporal_weight; /* of how far a film's frame is held to its former paintings; 0 or more */
    SolStatistics statistics;
    SolOptimizer optimizer;
    SolInit init;
    uint64_t seed;     /* of SOL_INIT_NOISE */
    int iterations;    /* of all levels together; 1 or more */
    int next_iterations; /* of SOL_INIT_PREVIOUS where there is a former painting; 1 or more */
    int levels;        /* of the pyramid, each half the size of the next; 0: by the size of the frame */
    double time_limit; /* seconds that a painting may take, about; 0 for no limit */
    bool (*stop)(void *context);     /* asked between iterations: true for no more of them; the best picture so far is
                                        what the painting then is. NULL: never */
    void (*progress)(void *context, const SolOptimiseProgress *progress); /* after every iteration; may be NULL */
    void *context;
} SolOptimiseOptions;

enum { SOL_OPTIMISE_LEVELS_MAX = 6 };

SOL_API void sol_optimise_defaults(SolOptimiseOptions *options);

/** What options are called: the name of value `i` of SolInit, SolStatistics or SolOptimizer; NULL behind the last. */
SOL_API const char *sol_init_name(int i);
SOL_API const char *sol_statistics_name(int i);
SOL_API const char *sol_optimizer_name(int i);

/**
 * The picture that the progress is about, scaled to the size of the frame.
 *
 * @param[out] image  a new picture; untouched on failure
 * @return 0, SOL_ERR_NOMEM
 */
SOL_API int sol_optimise_picture(const SolOptimiseProgress *progress, SolImage **image);

/* How an engine is to work; all zeros for what suits the machine best. */
typedef struct SolEngineOptions {
    const char *method;     /* one of sol_engine_method_name(); NULL for the model's own; "gatys" takes any model that
                               has layers to compare */
    int threads;            /* that work on one frame; 0 for one a processor */
    SolPrecision precision;
    const char *backend;    /* what computes convolutions: "onednn" (where it is built in), "blas" or "reference";
                               NULL for whichever is fastest */
    uint64_t memory;        /* bytes that a program which paints a frame may take; 0 for half of the machine's. A
                               frame, or a style image, for which that is not enough is gone over in tiles */
    const double *level_strength; /* of a wct model: how strong each of its levels is, 0..1, times the strength of a
                               painting; in the order in which they paint, the deepest first. A level of 0 is not
                               run at all. NULL for what the model says; borrowed while the engine is opened */
    int levels;             /* how many there are in level_strength: as many as the model has */
    const SolOptimiseOptions *optimise; /* of the method gatys; NULL for the defaults. Copied, but for what it points
                               to, which is borrowed until the engine is closed */
} SolEngineOptions;

/**
 * @param[out] engine  untouched on failure; released by sol_engine_close()
 * @param model        borrowed until the engine is closed
 * @param options      NULL for all zeros
 * @return 0, SOL_ERR_ARGUMENT (no such backend, method or layer; options that make no sense, or strengths that do not
 *         suit the model's levels), SOL_ERR_FORMAT (the
 *         model's method has no engine), SOL_ERR_NOMEM
 */
SOL_API int sol_engine_open(SolEngine **engine, const SolModel *model, const SolEngineOptions *options);

/** The name of method number `i` (adain, for example), as models and schedules call it; NULL behind the last. Static. */
SOL_API const char *sol_engine_method_name(int i);

/** @return 0, SOL_ERR_ARGUMENT (there is no such method: the text names the nearest, and all) */
SOL_API int sol_engine_check_method(const char *name);

/** The name of backend number `i`, in order of preference; NULL behind the last. Static. */
SOL_API const char *sol_engine_backend_name(int i);

/**
 * Reserves all that painting frames of width x height pixels takes, 1..SOL_IMAGE_MAX_SIDE each;
 * painting allocates nothing but the painted picture (and by optimisation, what the coarser levels of the pyramid
 * take). The same size again costs nothing.
 *
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM (the memory that the engine may take is not enough even for tiles, or
 *         there is less; the engine then has no plan)
 */
SOL_API int sol_engine_plan(SolEngine *engine, int width, int height);

/** Whether the engine learns styles from images. Where it does not, its network paints in one style of its own. */
SOL_API bool sol_engine_learns(const SolEngine *engine);

/**
 * Learns what the engine keeps of a style image (for AdaIN: the mean and standard deviation of every
 * tapped channel; Huang & Belongie 2017, eq. 8; for WCT: the mean and the colouring matrix of every tap;
 * Li et al. 2017), at the image's own aspect ratio. Uses a plan of its own: the frame plan stays as it is, and
 * keeps its memory. Where that is scarce, learn first and plan then.
 *
 * @param[out] style  untouched on failure; released by sol_style_close(); must not outlive the engine
 * @param image       any size; scaled so that its shorter side has `short_side` pixels (64..4096)
 * @return 0, SOL_ERR_ARGUMENT (among others: the engine learns no styles), SOL_ERR_NOMEM, SOL_ERR_FORMAT (the network's
 *         numbers are not finite)
 */
SOL_API int sol_style_learn(SolStyle **style, SolEngine *engine, const SolImage *image, int short_side);

/** As sol_style_learn() with the still image in the file `path` and SOL_STYLE_SHORT_SIDE. */
SOL_API int sol_style_open(SolStyle **style, SolEngine *engine, const char *path);

/**
 * out = sum of weight[i] * style[i], in the engine's own space. Weights need not sum to 1.
 *
 * @param[out] out  a new style; untouched on failure
 * @param count     1 or more, all learned by the same engine
 */
SOL_API int sol_style_blend(SolStyle **out, const SolStyle *const style[], const float weight[], int count);

/**
 * Learns several still images and blends them, as sol_style_open() and sol_style_blend() would.
 *
 * @param content  a picture whose colours the images get before they are learned (sol_image_match_color()); NULL: they
 *                 keep their own
 */
SOL_API int sol_style_open_blend(SolStyle **style, SolEngine *engine, const char *const paths[], const float weight[],
                                 int count, const SolImage *content);

SOL_API void sol_style_close(SolStyle **style);

/**
 * Paints a frame of the planned size.
 *
 * @param style       NULL where the engine learns none
 * @param strength    0 (the content's own statistics: the frame as the network redraws it, which is not the
 *                    frame itself) .. 1 (the style's); of an engine that learns no styles, how far the painting covers
 *                    the frame: 0 is the frame itself
 * @param[out] painted  a new picture with the place in time of `frame`; untouched on failure
 * @return 0, SOL_ERR_ARGUMENT (not the planned size, no style), SOL_ERR_NOMEM, SOL_ERR_FORMAT (the network's numbers
 *         are not finite)
 */
SOL_API int sol_engine_paint(SolEngine *engine, const SolStyle *style, float strength, const SolImage *frame,
                             SolImage **painted);

/** The painting that SOL_INIT_PREVIOUS begins with, NULL where there is none; belongs to the engine. */
SOL_API const SolImage *sol_engine_memory(SolEngine *engine);

/** Has the next painting begin with `image`, as if the engine had just painted it; takes a reference. */
SOL_API void sol_engine_remember(SolEngine *engine, SolImage *image);

/** Forgets what was painted before, which SOL_INIT_PREVIOUS begins with: where another scene begins. */
SOL_API void sol_engine_forget(SolEngine *engine);

/**
 * Multiplications and additions for one frame of the planned size, in 1e9; 0 without a plan. Those of the whole
 * frame by definition: tiles overlap and are gone over several times, which takes more.
 */
SOL_API double sol_engine_gflop(const SolEngine *engine);

/** The name of the engine's method, "adain" for example. Static. */
SOL_API const char *sol_engine_method(const SolEngine *engine);

/** How many tiles a frame of the planned size is painted in: 1 where it need not be cut, 0 without a plan. */
SOL_API int sol_engine_tiles(const SolEngine *engine);

/** What computes the convolutions of the present plan, "blas" for example; "" without a plan. Static. */
SOL_API const char *sol_engine_backend(const SolEngine *engine);

/* One layer of the network, as the present plan computes it. */
typedef struct SolEngineLayer {
    const char *name, *op;         /* as the model's architecture calls them: "relu1_1", "conv" */
    int channels, width, height;   /* of its result */
    double gflop;                  /* multiplications and additions of its convolution for one frame, in 1e9 */
    double seconds;                /* that it took so far, all frames of the plan together */
    /* of a convolution; 0 and "" of any other */
    int in_channels, kernel;
    const char *precision;         /* "float32" or "bfloat16" */
    const char *backend, *method;  /* "blas" and "winograd", for example */
} SolEngineLayer;

/**
 * Tells what every layer takes, in the order in which they are computed. What a convolution does in passing (the
 * pooling of its result, for example) is no layer of its own.
 *
 * @param[out] layers  `room` of them at most are filled in; their texts last as long as the model
 * @return how many layers there are; 0 without a plan
 */
SOL_API int sol_engine_layers(const SolEngine *engine, SolEngineLayer layers[], int room);

SOL_API void sol_engine_close(SolEngine **engine);

/** The matrix library in use, for reports: its kernels' name, "Cooperlake" for example. */
SOL_API const char *sol_blas_core(void);

#ifdef __cplusplus
}
#endif

#endif
