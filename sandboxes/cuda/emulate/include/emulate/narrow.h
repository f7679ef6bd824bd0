// What half and bfloat16 have alike on the device: each function computes in float and rounds once, as the device's do for
// single operations; the fast ones of the device may be off by more.
#pragma once
#include <emulate/atomic.h>
#include <emulate/warp.h>

namespace emulate {

// Bit by bit: the pairs are no trivial types for the compiler.
template <class To, class From>
EMULATE_INLINE To bits(const From &value) {
    static_assert(sizeof(To) == sizeof(From));
    To result;
    __builtin_memcpy(&result, &value, sizeof result);
    return result;
}

template <class T>
inline T narrow_add(T *address, T value) {
    auto *bits = reinterpret_cast<unsigned short *>(address);
    unsigned short seen = __atomic_load_n(bits, __ATOMIC_RELAXED), expected;
    do {
        expected = seen;
        const T sum = T(static_cast<float>(__builtin_bit_cast(T, expected)) + static_cast<float>(value));
        seen = compare_and_swap(bits, expected, __builtin_bit_cast(unsigned short, sum));
    } while (seen != expected);
    return __builtin_bit_cast(T, expected);
}

inline float clamp_to_unit(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

}  // namespace emulate

#define EMULATE_NARROW_UNARY(T, T2, to_float, from_float, name, expression)                                          \
    EMULATE_INLINE T h##name(const T value) { const float x = to_float(value); return from_float(expression); }      \
    EMULATE_INLINE T2 h2##name(const T2 value) { return {h##name(value.x), h##name(value.y)}; }

#define EMULATE_NARROW_SHUFFLE(T, Bits, name, Lane)                                                                   \
    EMULATE_INLINE T name(unsigned mask, const T value, const Lane lane, const int width = 32) {                      \
        return ::emulate::bits<T>(static_cast<Bits>(name(mask, static_cast<unsigned>(::emulate::bits<Bits>(value)), lane, width))); \
    }
#define EMULATE_NARROW_SHUFFLES(T, Bits)                              \
    EMULATE_NARROW_SHUFFLE(T, Bits, __shfl_sync, int)                 \
    EMULATE_NARROW_SHUFFLE(T, Bits, __shfl_up_sync, unsigned)         \
    EMULATE_NARROW_SHUFFLE(T, Bits, __shfl_down_sync, unsigned)       \
    EMULATE_NARROW_SHUFFLE(T, Bits, __shfl_xor_sync, int)

#define EMULATE_NARROW(T, T2, to_float, from_float, name, name2)                                                     \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, sqrt, sqrtf(x))                                                \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, rsqrt, 1 / sqrtf(x))                                           \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, rcp, 1 / x)                                                    \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, exp, expf(x))                                                  \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, exp2, exp2f(x))                                                \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, exp10, exp10f(x))                                              \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, log, logf(x))                                                  \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, log2, log2f(x))                                                \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, log10, log10f(x))                                              \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, sin, sinf(x))                                                  \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, cos, cosf(x))                                                  \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, tanh, tanhf(x))                                                \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, tanh_approx, tanhf(x))                                         \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, ceil, ceilf(x))                                                \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, floor, floorf(x))                                              \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, trunc, truncf(x))                                              \
    EMULATE_NARROW_UNARY(T, T2, to_float, from_float, rint, rintf(x))                                                \
    /* The product of two narrow numbers is exact in double, and so is rounded once with the sum. */                 \
    EMULATE_INLINE T __hfma(const T a, const T b, const T c) {                                                       \
        return from_float(static_cast<float>(static_cast<double>(to_float(a)) * to_float(b) + to_float(c)));         \
    }                                                                                                                \
    EMULATE_INLINE T __hfma_sat(const T a, const T b, const T c) { return from_float(::emulate::clamp_to_unit(to_float(__hfma(a, b, c)))); } \
    EMULATE_INLINE T __hfma_relu(const T a, const T b, const T c) { return from_float(fmaxf(to_float(__hfma(a, b, c)), 0)); } \
    EMULATE_INLINE T2 __hfma2(const T2 a, const T2 b, const T2 c) { return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)}; } \
    EMULATE_INLINE T2 __hfma2_sat(const T2 a, const T2 b, const T2 c) { return {__hfma_sat(a.x, b.x, c.x), __hfma_sat(a.y, b.y, c.y)}; } \
    EMULATE_INLINE T2 __hfma2_relu(const T2 a, const T2 b, const T2 c) { return {__hfma_relu(a.x, b.x, c.x), __hfma_relu(a.y, b.y, c.y)}; } \
    EMULATE_NARROW_SHUFFLES(T, unsigned short)                                                                       \
    EMULATE_NARROW_SHUFFLES(T2, unsigned)

#define EMULATE_NARROW_WHOLE_MODE(T, to_float, name, mode)                                                            \
    EMULATE_INLINE int __##name##2int_##mode(const T x) { return __float2int_##mode(to_float(x)); }                  \
    EMULATE_INLINE unsigned __##name##2uint_##mode(const T x) { return __float2uint_##mode(to_float(x)); }           \
    EMULATE_INLINE long long __##name##2ll_##mode(const T x) { return __float2ll_##mode(to_float(x)); }              \
    EMULATE_INLINE unsigned long long __##name##2ull_##mode(const T x) { return __float2ull_##mode(to_float(x)); }   \
    EMULATE_INLINE short __##name##2short_##mode(const T x) {                                                        \
        return ::emulate::saturated<short>(::emulate::to_whole_##mode(to_float(x)));                                 \
    }                                                                                                                \
    EMULATE_INLINE unsigned short __##name##2ushort_##mode(const T x) {                                              \
        return ::emulate::saturated<unsigned short>(::emulate::to_whole_##mode(to_float(x)));                        \
    }
// Rounding to zero is in the toolkit's header for the host, too.
#define EMULATE_NARROW_WHOLE(T, to_float, name)       \
    EMULATE_NARROW_WHOLE_MODE(T, to_float, name, rn)  \
    EMULATE_NARROW_WHOLE_MODE(T, to_float, name, ru)  \
    EMULATE_NARROW_WHOLE_MODE(T, to_float, name, rd)
