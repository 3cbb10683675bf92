/* SPDX-License-Identifier: Apache-2.0
 *
 * Still images: any that libavcodec decodes come in, PNG and JPEG go out.
 */
#include "media/still.h"

#include "base/error.h"
#include "base/file.h"
#include "image/image.h"
#include "media/convert.h"
#include "media/decode.h"
#include "media/encode_still.h"

int sol_still_decode(AVFrame *frame, enum AVCodecID *codec, const char *path)
{
    SolDecoder *decoder = NULL;
    bool got = false;
    int result = sol_decoder_open(&decoder, path, NULL, 1, true, NULL);
    if (result != SOL_OK)
        return result;
    result = sol_decoder_next(decoder, frame, &got);
    if (result == SOL_OK && !got)
        result = sol_fail(SOL_ERR_FORMAT, "%s: is damaged; no picture in it could be decoded", path);
    if (result == SOL_OK && codec)
        *codec = decoder->stream->codecpar->codec_id;
    sol_decoder_close(&decoder);
    return result;
}

int sol_image_load(SolImage **image, const char *path)
{
    SolConverter *converter = NULL;
    AVFrame *frame = av_frame_alloc();
    int width, height, result = frame ? SOL_OK : sol_fail_memory("a picture");
    if (result == SOL_OK)
        result = sol_still_decode(frame, NULL, path);
    if (result != SOL_OK) {
        av_frame_free(&frame);
        return result;
    }
    result = sol_picture_size(frame, 0, &width, &height);
    if (result == SOL_OK)
        result = sol_converter_open(&converter, NULL);
    if (result == SOL_OK)
        result = sol_convert(converter, frame, width, height, image);
    if (result != SOL_OK)
        sol_fail_within(result, "%s", path);
    sol_converter_close(&converter);
    av_frame_free(&frame);
    return result;
}

int sol_image_save(const SolImage *image, const char *path, bool overwrite)
{
    SolPending *pending = NULL;
    int result;
    if (!sol_path_has_extension(path, SOL_STILL_EXTENSIONS))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: not an image that can be written; name it .png, .jpg or .jpeg", path);
    result = sol_pending_open(&pending, path, overwrite);
    if (result == SOL_OK)
        result = sol_still_encode(image, path, sol_pending_path(pending));
    if (result == SOL_OK)
        result = sol_pending_commit(pending);
    sol_pending_close(&pending);
    return result;
}
