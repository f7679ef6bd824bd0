// Tensor cores: which lane of a warp holds which element of a matrix, and the functions of the runtime behind mma.h and the
// inline PTX `mma`, `ldmatrix` and `movmatrix`.
#pragma once

namespace emulate::matrix {

enum class Element : unsigned char { f16, bf16, tf32, f32, f64, s8, u8, s32, e4m3, e5m2 };

// d = a * b + c; a has m rows and k columns, b k rows and n columns.
struct Product {
    unsigned m, n, k;
    Element a, b, c, d;
    bool saturate;   // integers stay within their range, in the place of wrapping around
};

// Elements of a matrix that a lane holds side by side: a register of 32 bits (or 64) of a multiplicand, two of an accumulator.
constexpr unsigned side_by_side(Element element) {
    switch (element) {
        case Element::f16: case Element::bf16: return 2;
        case Element::s8: case Element::u8: case Element::e4m3: case Element::e5m2: return 4;
        default: return 1;
    }
}
constexpr unsigned accumulated_side_by_side = 2;

struct Place {
    unsigned row, column;
};

// Where the element `i` of a lane lies, by the figures of the PTX ISA ("Matrix Fragments for mma.m16n8k16" and the like),
// which follow one rule: a matrix is cut into tiles of 8 rows by as many columns as 4 lanes hold side by side; a tile's rows
// go to groups of 4 lanes. A lane's elements go through the tiles down the rows first.
constexpr Place place(unsigned rows, unsigned beside, unsigned lane, unsigned i) {
    const unsigned tile = i / beside, tiles_down = rows / 8;
    return {tile % tiles_down * 8 + lane / 4, (tile / tiles_down * 4 + lane % 4) * beside + i % beside};
}
// The second multiplicand is laid out as its transpose, and goes through the tiles along k first.
constexpr Place place_of_b(unsigned k, unsigned beside, unsigned lane, unsigned i) {
    const unsigned tile = i / beside, tiles_down = k / (4 * beside);
    return {(tile % tiles_down * 4 + lane % 4) * beside + i % beside, tile / tiles_down * 8 + lane / 4};
}

// All lanes of the warp call these together. The operands are what the lane holds, in the order of its elements; `d` may be
// any of the others.
void multiply(const Product &product, const void *a, const void *b, const void *c, void *d);

// A matrix is about to be loaded from, or stored to, an address: `alignment` and the distance of its rows (or columns), in
// bytes, are checked.
void begin_load(const void *address, unsigned alignment, unsigned distance);
void begin_store(const void *address, unsigned alignment, unsigned distance);

// ldmatrix: `count` matrices of 8x8 elements of 16 bits, a register of each for the lane. The lanes 8i to 8i+7 tell where
// the rows of matrix i lie.
void load_rows(unsigned *registers, unsigned count, bool transposed, const void *row);
// stmatrix: the way back.
void store_rows(const unsigned *registers, unsigned count, bool transposed, void *row);
// movmatrix: transposes a matrix of 8x8 elements of 16 bits.
unsigned transpose(unsigned value);

}  // namespace emulate::matrix

namespace emulate {
// To the nearest of 10 bits of mantissa, ties away from zero (PTX ISA, cvt.rna.tf32.f32).
inline float to_tf32(float value) {
    constexpr unsigned dropped = 13;   // bits
    const unsigned bits = __builtin_bit_cast(unsigned, value);
    if (value != value) return __builtin_bit_cast(float, 0x7fffffffu);
    return __builtin_bit_cast(float, (bits + (1u << (dropped - 1))) & ~((1u << dropped) - 1));
}
}  // namespace emulate
