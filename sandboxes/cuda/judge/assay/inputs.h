// Inputs and shapes for testbenches of CUDA programs, and what is to be known of number formats; <assay/compare.h> includes it.
//
// Host only, C++17, no state. Half precision is there where <cuda_fp16.h> or <cuda_bf16.h> was included before.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <vector>

namespace assay {
// Of this file alone, so that no other file of the program can put its own in the place of these.
namespace {

// What is to be known of a type: bits of its significand (0: an integer), exponent of its smallest normal number, largest
// number. Specialise it, for a type of your own, in the same way.
template <class T>
struct Number {
    using Limits = std::numeric_limits<T>;
    static constexpr int digits = std::is_floating_point_v<T> ? Limits::digits : 0, exponent = Limits::min_exponent - 1;
    static double largest() { return static_cast<double>(Limits::max()); }
    static double value(T x) { return static_cast<double>(x); }
    static T of(double x) { return static_cast<T>(x); }
};
#ifdef __CUDA_FP16_TYPES_EXIST__
template <>
struct Number<__half> {  // IEEE 754 binary16
    static constexpr int digits = 11, exponent = -14;
    static double largest() { return 65504; }
    static double value(__half x) { return __half2float(x); }
    static __half of(double x) { return __float2half(static_cast<float>(x)); }
};
#endif
#ifdef __CUDA_BF16_TYPES_EXIST__
template <>
struct Number<__nv_bfloat16> {  // the upper half of a float
    static constexpr int digits = 8, exponent = -126;
    static double largest() { return std::ldexp(255, 120); }
    static double value(__nv_bfloat16 x) { return __bfloat162float(x); }
    static __nv_bfloat16 of(double x) { return __float2bfloat16(static_cast<float>(x)); }
};
#endif
template <class T>
double smallest_normal() { return std::ldexp(1, Number<T>::exponent); }

// The distance of neighbours at `x`; at 0 the smallest number.
template <class T>
double ulp(double x) {
    const int exponent = x == 0 || !std::isfinite(x) ? Number<T>::exponent : std::max(std::ilogb(x), Number<T>::exponent);
    return std::ldexp(1, exponent - Number<T>::digits + 1);
}

// A generator of its own, so that a seed gives the same numbers everywhere (SplitMix64, G. Steele et al., 2014).
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t bits() {
        uint64_t z = state_ += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        return z ^ z >> 31;
    }
    double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }  // [0, 1)
    double between(double low, double high) { return low + (high - low) * uniform(); }
    uint64_t below(uint64_t n) { return bits() % n; }
    double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()); }

  private:
    uint64_t state_;
};

enum class Input {
    uniform,      // [-1, 1); integers: of their whole range
    normal,       // mean 0, deviation 1; integers: -9 .. 9 (unsigned: 0 .. 9)
    whole,        // whole numbers -4 .. 4 (unsigned: 0 .. 4): sums of n are exact for 4 n <= 2^digits
    ends,         // small, but for the first and the last, which weigh as much as all the others
    huge,         // as large as the sum of n allows
    tiny,         // the smallest normal numbers; integers: 0, 1
    denormal,     // below them
    cancelling,   // neighbours that cancel but for a thousandth
    sorted,       // rising
    constant,     // one value throughout
    alternating,  // that value and its negative; integers: smallest and largest
    zeros,
    special,      // `normal`, with NaN, both infinities and -0 among them
};

// What any program must cope with; `special` is for those who promise something about it.
inline const std::vector<Input> &ordinary_inputs() {
    using I = Input;
    static const std::vector<I> all = {I::uniform,  I::normal,     I::whole,  I::ends,     I::huge,        I::tiny,
                                       I::denormal, I::cancelling, I::sorted, I::constant, I::alternating, I::zeros};
    return all;
}

inline const char *name(Input input) {
    static const char *const names[] = {"uniform",    "normal", "whole",    "ends",        "huge",  "tiny",   "denormal",
                                        "cancelling", "sorted", "constant", "alternating", "zeros", "special"};
    return names[static_cast<int>(input)];
}

// `n` values; the same for the same seed.
template <class T>
std::vector<T> make(Input input, size_t n, uint64_t seed) {
    using N = Number<T>;
    Random random(seed * 2654435761u + static_cast<uint64_t>(input));
    std::vector<T> values(n, T(0));
    if constexpr (N::digits == 0) {
        using L = std::numeric_limits<T>;
        const auto small = [&](int most) {
            const int x = static_cast<int>(random.below(2 * most + 1)) - most;
            return static_cast<T>(std::is_signed_v<T> ? x : std::abs(x));
        };
        for (size_t i = 0; i < n; ++i) switch (input) {
            case Input::uniform: case Input::sorted: values[i] = static_cast<T>(random.bits()); break;
            case Input::whole: values[i] = small(4); break;
            case Input::ends: values[i] = i == 0 || i + 1 == n ? static_cast<T>(L::max() / 4) : small(1); break;
            case Input::huge: values[i] = static_cast<T>(L::max() - static_cast<T>(random.below(8))); break;
            case Input::tiny: values[i] = static_cast<T>(random.below(2)); break;
            case Input::constant: values[i] = static_cast<T>(3); break;
            case Input::alternating: values[i] = i % 2 ? L::max() : L::min(); break;
            case Input::zeros: break;
            default: values[i] = small(9);
        }
    } else {
        const double count = static_cast<double>(n), some = random.between(0.1, 0.9);
        double before = 0;
        for (size_t i = 0; i < n; ++i) {
            double x = 0;
            switch (input) {
                case Input::uniform: case Input::sorted: x = random.between(-1, 1); break;
                case Input::normal: x = random.normal(); break;
                case Input::whole: x = static_cast<double>(random.below(9)) - 4; break;
                case Input::ends: x = i == 0 || i + 1 == n ? 1 : random.between(-1, 1) / (count + 1); break;
                case Input::huge: x = random.between(-1, 1) * N::largest() / (2 * count); break;
                case Input::tiny: x = smallest_normal<T>() * random.between(1, 16); break;
                case Input::denormal: x = smallest_normal<T>() * random.uniform(); break;
                case Input::cancelling: x = i % 2 ? -before * (1 + random.between(-1, 1) / 1000) : random.between(-1, 1) * 1000; break;
                case Input::constant: x = some; break;
                case Input::alternating: x = i % 2 ? -some : some; break;
                case Input::zeros: break;
                case Input::special: {
                    const double odd[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, -0.0};
                    x = random.below(8) == 0 ? odd[random.below(4)] : random.normal();
                }
            }
            values[i] = N::of(before = x);
        }
    }
    if (input == Input::sorted) std::sort(values.begin(), values.end(), [](T a, T b) { return N::value(a) < N::value(b); });
    return values;
}

// Lengths that go wrong: 1, around a warp (32) and a block, primes, no multiples of the block; 0 where it is legal.
inline std::vector<int> lengths(int block = 256, bool zero = false) {
    std::vector<int> all = {1, 2, 7, 31, 32, 33, 97, block - 1, block, block + 1, 2 * block + block / 2 + 1, 1021, 4096, 10007};
    if (zero) all.insert(all.begin(), 0);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

struct Shape { int rows, columns; };

// Shapes that go wrong: single rows and columns, around a tile, primes, long and thin.
inline std::vector<Shape> shapes(int tile = 32) {
    const int t = tile;
    return {{1, 1}, {1, 257}, {263, 1}, {t, t}, {t - 1, t + 1}, {t + 1, t - 1}, {2 * t, t / 2}, {61, 53}, {3, 1031}, {130, 67}};
}

// More than there can be blocks in y or z (65535: CUDA C++ programming guide, technical specifications).
constexpr int beyond_grid_y = 65535 + 2;

}  // namespace
}  // namespace assay
