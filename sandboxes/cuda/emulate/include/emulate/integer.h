// Integer intrinsics (CUDA Math API, "Integer Intrinsics" and "SIMD Intrinsics").
#pragma once

EMULATE_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
EMULATE_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
EMULATE_INLINE int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
EMULATE_INLINE int __clzll(long long x) { return x ? __builtin_clzll(static_cast<unsigned long long>(x)) : 64; }
EMULATE_INLINE int __ffs(int x) { return __builtin_ffs(x); }
EMULATE_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
EMULATE_INLINE unsigned __brev(unsigned x) {
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(x);
}
EMULATE_INLINE unsigned long long __brevll(unsigned long long x) {
    return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 | __brev(static_cast<unsigned>(x >> 32));
}
EMULATE_INLINE int __mulhi(int a, int b) { return static_cast<int>(static_cast<long long>(a) * b >> 32); }
EMULATE_INLINE unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(static_cast<unsigned long long>(a) * b >> 32); }
EMULATE_INLINE long long __mul64hi(long long a, long long b) { return static_cast<long long>(static_cast<__int128>(a) * b >> 64); }
EMULATE_INLINE unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
EMULATE_INLINE int __mul24(int a, int b) {
    return static_cast<int>(static_cast<unsigned>(static_cast<int>(static_cast<unsigned>(a) << 8) >> 8) * static_cast<unsigned>(static_cast<int>(static_cast<unsigned>(b) << 8) >> 8));
}
EMULATE_INLINE unsigned __umul24(unsigned a, unsigned b) { return (a & 0xffffffu) * (b & 0xffffffu); }
EMULATE_INLINE int __hadd(int a, int b) { return static_cast<int>((static_cast<long long>(a) + b) >> 1); }
EMULATE_INLINE int __rhadd(int a, int b) { return static_cast<int>((static_cast<long long>(a) + b + 1) >> 1); }
EMULATE_INLINE unsigned __uhadd(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<unsigned long long>(a) + b) >> 1); }
EMULATE_INLINE unsigned __urhadd(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<unsigned long long>(a) + b + 1) >> 1); }
EMULATE_INLINE unsigned __usad(unsigned a, unsigned b, unsigned c) { return (a > b ? a - b : b - a) + c; }
EMULATE_INLINE unsigned __sad(int a, int b, unsigned c) {
    return (a > b ? static_cast<unsigned>(a) - static_cast<unsigned>(b) : static_cast<unsigned>(b) - static_cast<unsigned>(a)) + c;
}
EMULATE_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31) >> 32);
}
EMULATE_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}
EMULATE_INLINE unsigned __funnelshift_lc(unsigned low, unsigned high, unsigned shift) { return shift >= 32 ? low : __funnelshift_l(low, high, shift); }
EMULATE_INLINE unsigned __funnelshift_rc(unsigned low, unsigned high, unsigned shift) { return shift >= 32 ? high : __funnelshift_r(low, high, shift); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) {
        const unsigned choice = selector >> (4 * i);
        unsigned byte = static_cast<unsigned>(bytes >> (8 * (choice & 7))) & 0xff;
        if (choice & 8) byte = byte & 0x80 ? 0xff : 0;   // the sign in all bits
        result |= byte << (8 * i);
    }
    return result;
}

namespace emulate {

// Words as lanes of `Lane`: the i-th lane of a word, and a word made of what `combine` gives for each pair of lanes.
template <class Lane>
constexpr Lane lane_of(unsigned word, int i) { return static_cast<Lane>(word >> (8 * sizeof(Lane) * i)); }

template <class Lane, class Combine>
constexpr unsigned by_lanes(unsigned a, unsigned b, Combine combine) {
    unsigned result = 0;
    for (int i = 0; i < static_cast<int>(4 / sizeof(Lane)); ++i)
        result |= static_cast<unsigned>(static_cast<std::make_unsigned_t<Lane>>(combine(static_cast<int>(lane_of<Lane>(a, i)), static_cast<int>(lane_of<Lane>(b, i))))) << (8 * sizeof(Lane) * i);
    return result;
}

template <class Lane>
constexpr int clamped(int value) {
    return value > std::numeric_limits<Lane>::max() ? std::numeric_limits<Lane>::max() : value < std::numeric_limits<Lane>::min() ? std::numeric_limits<Lane>::min() : value;
}

// The products of two words' lanes, `count` of them, added up.
template <class A, class B, class Sum>
constexpr Sum dot(unsigned a, unsigned b, Sum sum, int count, int first_b) {
    for (int i = 0; i < count; ++i) sum += static_cast<Sum>(static_cast<int>(lane_of<A>(a, i)) * static_cast<int>(lane_of<B>(b, first_b + i)));
    return sum;
}

}  // namespace emulate

EMULATE_INLINE int __dp4a(int a, int b, int c) { return ::emulate::dot<signed char, signed char, int>(a, b, c, 4, 0); }
EMULATE_INLINE unsigned __dp4a(unsigned a, unsigned b, unsigned c) { return ::emulate::dot<unsigned char, unsigned char, unsigned>(a, b, c, 4, 0); }
EMULATE_INLINE int __dp4a(char4 a, char4 b, int c) { return __dp4a(__builtin_bit_cast(int, a), __builtin_bit_cast(int, b), c); }
EMULATE_INLINE unsigned __dp4a(uchar4 a, uchar4 b, unsigned c) { return __dp4a(__builtin_bit_cast(unsigned, a), __builtin_bit_cast(unsigned, b), c); }
EMULATE_INLINE int __dp2a_lo(int a, int b, int c) { return ::emulate::dot<short, signed char, int>(a, b, c, 2, 0); }
EMULATE_INLINE int __dp2a_hi(int a, int b, int c) { return ::emulate::dot<short, signed char, int>(a, b, c, 2, 2); }
EMULATE_INLINE unsigned __dp2a_lo(unsigned a, unsigned b, unsigned c) { return ::emulate::dot<unsigned short, unsigned char, unsigned>(a, b, c, 2, 0); }
EMULATE_INLINE unsigned __dp2a_hi(unsigned a, unsigned b, unsigned c) { return ::emulate::dot<unsigned short, unsigned char, unsigned>(a, b, c, 2, 2); }

#define EMULATE_SIMD(name, Lane, expression) \
    EMULATE_INLINE unsigned name(unsigned a, unsigned b) { return ::emulate::by_lanes<Lane>(a, b, [](int a, int b) -> int { return expression; }); }
#define EMULATE_SIMD_SIZES(width, Signed, Unsigned)                                                   \
    EMULATE_SIMD(__vadd##width, Unsigned, a + b)                                                      \
    EMULATE_SIMD(__vsub##width, Unsigned, a - b)                                                      \
    EMULATE_SIMD(__vaddss##width, Signed, ::emulate::clamped<Signed>(a + b))                          \
    EMULATE_SIMD(__vaddus##width, Unsigned, ::emulate::clamped<Unsigned>(a + b))                      \
    EMULATE_SIMD(__vsubss##width, Signed, ::emulate::clamped<Signed>(a - b))                          \
    EMULATE_SIMD(__vsubus##width, Unsigned, ::emulate::clamped<Unsigned>(a - b))                      \
    EMULATE_SIMD(__vmaxs##width, Signed, a > b ? a : b)                                               \
    EMULATE_SIMD(__vmaxu##width, Unsigned, a > b ? a : b)                                             \
    EMULATE_SIMD(__vmins##width, Signed, a < b ? a : b)                                               \
    EMULATE_SIMD(__vminu##width, Unsigned, a < b ? a : b)                                             \
    EMULATE_SIMD(__vabsdiffs##width, Signed, a > b ? a - b : b - a)                                   \
    EMULATE_SIMD(__vabsdiffu##width, Unsigned, a > b ? a - b : b - a)                                 \
    EMULATE_SIMD(__vavgs##width, Signed, (a + b + (a + b >= 0)) >> 1)                                 \
    EMULATE_SIMD(__vavgu##width, Unsigned, (a + b + 1) >> 1)                                          \
    EMULATE_SIMD(__vhaddu##width, Unsigned, (a + b) >> 1)                                             \
    EMULATE_SIMD(__vcmpeq##width, Unsigned, a == b ? -1 : 0)                                          \
    EMULATE_SIMD(__vcmpne##width, Unsigned, a != b ? -1 : 0)                                          \
    EMULATE_SIMD(__vcmpgts##width, Signed, a > b ? -1 : 0)                                            \
    EMULATE_SIMD(__vcmpgtu##width, Unsigned, a > b ? -1 : 0)                                          \
    EMULATE_SIMD(__vcmpges##width, Signed, a >= b ? -1 : 0)                                           \
    EMULATE_SIMD(__vcmpgeu##width, Unsigned, a >= b ? -1 : 0)                                         \
    EMULATE_SIMD(__vcmplts##width, Signed, a < b ? -1 : 0)                                            \
    EMULATE_SIMD(__vcmpltu##width, Unsigned, a < b ? -1 : 0)                                          \
    EMULATE_SIMD(__vcmples##width, Signed, a <= b ? -1 : 0)                                           \
    EMULATE_SIMD(__vcmpleu##width, Unsigned, a <= b ? -1 : 0)                                         \
    EMULATE_SIMD(__vseteq##width, Unsigned, a == b)                                                   \
    EMULATE_SIMD(__vsetne##width, Unsigned, a != b)                                                   \
    EMULATE_SIMD(__vsetgtu##width, Unsigned, a > b)                                                   \
    EMULATE_SIMD(__vsetgts##width, Signed, a > b)                                                     \
    EMULATE_INLINE unsigned __vneg##width(unsigned a) { return __vsub##width(0, a); }                 \
    EMULATE_INLINE unsigned __vabs##width(unsigned a) { return ::emulate::by_lanes<Signed>(a, a, [](int a, int) { return a < 0 ? -a : a; }); } \
    EMULATE_INLINE unsigned __vsadu##width(unsigned a, unsigned b) {                                  \
        const unsigned lanes = __vabsdiffu##width(a, b);                                              \
        unsigned sum = 0;                                                                             \
        for (int i = 0; i < static_cast<int>(4 / sizeof(Unsigned)); ++i) sum += ::emulate::lane_of<Unsigned>(lanes, i); \
        return sum;                                                                                   \
    }
EMULATE_SIMD_SIZES(2, short, unsigned short)
EMULATE_SIMD_SIZES(4, signed char, unsigned char)
#undef EMULATE_SIMD
#undef EMULATE_SIMD_SIZES
