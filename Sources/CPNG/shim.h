#pragma once
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A PNG file in memory that is being decoded.
///
/// libpng reports errors by a jump, which must not cross Swift's frames: each function below catches it, returns 0, and
/// leaves libpng's text in `message`.
typedef struct {
    png_structp png;
    png_infop info;
    const unsigned char *bytes;
    size_t count;
    size_t position;
    int width;
    int height;
    /// 1 for grey, 3 for colour: what the file has, alpha not counted.
    int channels;
    int passes;
    char message[96];
} fedmpi_png;

static inline void fedmpi_png_fail(png_structp png, png_const_charp text) {
    fedmpi_png *file = (fedmpi_png *)png_get_error_ptr(png);
    snprintf(file->message, sizeof file->message, "%s", text);
    png_longjmp(png, 1);
}

/// Warnings are about chunks that have no part in the pixels.
static inline void fedmpi_png_warn(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static inline void fedmpi_png_take(png_structp png, png_bytep to, size_t count) {
    fedmpi_png *file = (fedmpi_png *)png_get_io_ptr(png);
    if (count > file->count - file->position) png_error(png, "the file is cut short");
    memcpy(to, file->bytes + file->position, count);
    file->position += count;
}

/// Reads the header: fills `width`, `height` and `channels`. The bytes must stay until `fedmpi_png_end`, which has to be
/// called whatever this returns.
static inline int fedmpi_png_begin(fedmpi_png *file, const void *bytes, size_t count, int largest_side) {
    memset(file, 0, sizeof *file);
    file->bytes = (const unsigned char *)bytes;
    file->count = count;
    file->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, file, fedmpi_png_fail, fedmpi_png_warn);
    file->info = file->png ? png_create_info_struct(file->png) : NULL;
    if (!file->info) {
        snprintf(file->message, sizeof file->message, "no memory");
        return 0;
    }
    if (setjmp(png_jmpbuf(file->png))) return 0;
    png_set_read_fn(file->png, file, fedmpi_png_take);
    png_set_user_limits(file->png, (png_uint_32)largest_side, (png_uint_32)largest_side);
    // Texts and profiles are not needed, and may decompress to more than all pixels.
    png_set_keep_unknown_chunks(file->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(file->png, file->info);
    file->width = (int)png_get_image_width(file->png, file->info);
    file->height = (int)png_get_image_height(file->png, file->info);
    // As Pillow does: the high byte of 16 bits, colours without their alpha, and no correction of gamma.
    int colour = png_get_color_type(file->png, file->info);
    file->channels = colour & PNG_COLOR_MASK_COLOR ? 3 : 1;
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(file->png);
    if (file->channels == 1) png_set_expand_gray_1_2_4_to_8(file->png);
    png_set_strip_16(file->png);
    png_set_strip_alpha(file->png);
    file->passes = png_set_interlace_handling(file->png);
    png_read_update_info(file->png, file->info);
    if (png_get_rowbytes(file->png, file->info) != (size_t)file->width * (size_t)file->channels)
        png_error(file->png, "rows of another length");
    return 1;
}

/// Decodes all rows to `pixels`, `[height, width, channels]` bytes.
static inline int fedmpi_png_decode(fedmpi_png *file, unsigned char *pixels) {
    if (setjmp(png_jmpbuf(file->png))) return 0;
    size_t row = (size_t)file->width * (size_t)file->channels;
    for (int pass = 0; pass < file->passes; pass++)
        for (int y = 0; y < file->height; y++) png_read_row(file->png, pixels + row * (size_t)y, NULL);
    // The checksum of the last chunk, and the file's end.
    png_read_end(file->png, NULL);
    return 1;
}

/// Frees what `fedmpi_png_begin` made.
static inline void fedmpi_png_end(fedmpi_png *file) { png_destroy_read_struct(&file->png, &file->info, NULL); }
