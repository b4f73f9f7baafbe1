// Matrices by rows to matrices by columns.
#pragma once
#include "vectors.h"

// Transposes a matrix: [8, 8] with a distance of rows each.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_transpose(
    const float *from, size_t from_row, float *to, size_t to_row) {
    vectors_floats rows[8], pairs[8], fours[8];
    for (int i = 0; i < 8; ++i) rows[i] = *(const vectors_floats *)(from + i * from_row);
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; ++j) {
            fours[i + 2 * j] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            fours[i + 2 * j + 1] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < 4; ++i) {
        *(vectors_floats *)(to + i * to_row) =
            __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(vectors_floats *)(to + (i + 4) * to_row) =
            __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// Transposes matrices of any size: from [rows, columns] with from_row numbers a row, to [columns, rows] with to_row.
VECTORS_TARGET static inline void vectors_transpose_all(
    const float *from, size_t rows, size_t columns, size_t from_row, float *to, size_t to_row) {
    const size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    // Two columns of blocks at once: they lie in the same cache lines.
    for (size_t start = 0; start < whole_columns; start += 16) {
        for (size_t row = 0; row < whole_rows; row += 8) {
            for (size_t column = start; column < start + 16 && column < whole_columns; column += 8) {
                vectors_transpose(from + row * from_row + column, from_row, to + column * to_row + row, to_row);
            }
        }
    }
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = row < whole_rows ? whole_columns : 0; column < columns; ++column) {
            to[column * to_row + row] = from[row * from_row + column];
        }
    }
}
