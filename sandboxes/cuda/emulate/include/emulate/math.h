// Mathematical functions and intrinsics of device code (CUDA Math API) that the C library does not have. What the device
// computes with reduced accuracy (__sinf, __expf, …) is computed with the C library's here.
#pragma once
#include <limits.h>
#include <math.h>
#include <string.h>
#include <limits>
#include <type_traits>

#define EMULATE_INLINE __attribute__((always_inline)) inline

namespace emulate {

template <class To, class From>
EMULATE_INLINE To reinterpret(From value) {
    static_assert(sizeof(To) == sizeof(From));
    return __builtin_bit_cast(To, value);
}

// A conversion as the device makes it: out of range gives the nearest value, and what is no number gives 0.
template <class To, class From>
inline To saturated(From value) {
    constexpr From above = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
    if (value != value) return 0;
    if (value >= above) return std::numeric_limits<To>::max();
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(value);
}

// Operations in a rounding mode of the processor (<fenv.h>): to nearest, to zero, up, down.
enum class Rounding { rn, rz, ru, rd };
float add(float, float, Rounding);
float multiply(float, float, Rounding);
float divide(float, float, Rounding);
float root(float, Rounding);
float multiply_add(float, float, float, Rounding);
float narrow(double, Rounding);
float narrow(long long, Rounding);
float narrow(unsigned long long, Rounding);
double add(double, double, Rounding);
double multiply(double, double, Rounding);
double divide(double, double, Rounding);
double root(double, Rounding);
double multiply_add(double, double, double, Rounding);
double widen(long long, Rounding);
double widen(unsigned long long, Rounding);

inline float to_whole_rn(float x) { return rintf(x); }
inline float to_whole_rz(float x) { return truncf(x); }
inline float to_whole_ru(float x) { return ceilf(x); }
inline float to_whole_rd(float x) { return floorf(x); }
inline double to_whole_rn(double x) { return rint(x); }
inline double to_whole_rz(double x) { return trunc(x); }
inline double to_whole_ru(double x) { return ceil(x); }
inline double to_whole_rd(double x) { return floor(x); }

}  // namespace emulate

// Functions that libm lacks; defined in the runtime.
double rsqrt(double);
float rsqrtf(float);
double rcbrt(double);
float rcbrtf(float);
double sinpi(double);
float sinpif(float);
double cospi(double);
float cospif(float);
void sincospi(double, double *sine, double *cosine);
void sincospif(float, float *sine, float *cosine);
double rhypot(double, double);
float rhypotf(float, float);
double norm3d(double, double, double);
float norm3df(float, float, float);
double norm4d(double, double, double, double);
float norm4df(float, float, float, float);
double rnorm3d(double, double, double);
float rnorm3df(float, float, float);
double rnorm4d(double, double, double, double);
float rnorm4df(float, float, float, float);
double norm(int dimension, const double *);
float normf(int dimension, const float *);
double rnorm(int dimension, const double *);
float rnormf(int dimension, const float *);
double erfinv(double);
float erfinvf(float);
double erfcinv(double);
float erfcinvf(float);
double erfcx(double);
float erfcxf(float);
double normcdf(double);
float normcdff(float);
double normcdfinv(double);
float normcdfinvf(float);
double cyl_bessel_i0(double);
float cyl_bessel_i0f(float);
double cyl_bessel_i1(double);
float cyl_bessel_i1f(float);

EMULATE_INLINE float rsqrt(float x) { return rsqrtf(x); }
EMULATE_INLINE float rcbrt(float x) { return rcbrtf(x); }
EMULATE_INLINE float sinpi(float x) { return sinpif(x); }
EMULATE_INLINE float cospi(float x) { return cospif(x); }
EMULATE_INLINE float erfinv(float x) { return erfinvf(x); }
EMULATE_INLINE float erfcinv(float x) { return erfcinvf(x); }
EMULATE_INLINE float erfcx(float x) { return erfcxf(x); }
EMULATE_INLINE float normcdf(float x) { return normcdff(x); }
EMULATE_INLINE float normcdfinv(float x) { return normcdfinvf(x); }
EMULATE_INLINE float fdividef(float x, float y) { return x / y; }
EMULATE_INLINE void sincos(float x, float *sine, float *cosine) { *sine = sinf(x), *cosine = cosf(x); }
EMULATE_INLINE void sincospi(float x, float *sine, float *cosine) { sincospif(x, sine, cosine); }

// max and min of mixed types, as the device's headers have them.
#define EMULATE_MIN_MAX(result, A, B)                                                                         \
    EMULATE_INLINE constexpr result max(A a, B b) { return static_cast<result>(a) < static_cast<result>(b) ? static_cast<result>(b) : static_cast<result>(a); } \
    EMULATE_INLINE constexpr result min(A a, B b) { return static_cast<result>(b) < static_cast<result>(a) ? static_cast<result>(b) : static_cast<result>(a); }
EMULATE_MIN_MAX(int, int, int)
EMULATE_MIN_MAX(unsigned, unsigned, unsigned)
EMULATE_MIN_MAX(unsigned, int, unsigned)
EMULATE_MIN_MAX(unsigned, unsigned, int)
EMULATE_MIN_MAX(long, long, long)
EMULATE_MIN_MAX(unsigned long, unsigned long, unsigned long)
EMULATE_MIN_MAX(unsigned long, long, unsigned long)
EMULATE_MIN_MAX(unsigned long, unsigned long, long)
EMULATE_MIN_MAX(long long, long long, long long)
EMULATE_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
EMULATE_MIN_MAX(unsigned long long, long long, unsigned long long)
EMULATE_MIN_MAX(unsigned long long, unsigned long long, long long)
#undef EMULATE_MIN_MAX
// A number and what is no number give the number.
#define EMULATE_MIN_MAX(result, A, B)                                          \
    EMULATE_INLINE result max(A a, B b) { return fmax(static_cast<result>(a), static_cast<result>(b)); } \
    EMULATE_INLINE result min(A a, B b) { return fmin(static_cast<result>(a), static_cast<result>(b)); }
EMULATE_MIN_MAX(float, float, float)
EMULATE_MIN_MAX(double, double, double)
EMULATE_MIN_MAX(double, float, double)
EMULATE_MIN_MAX(double, double, float)
#undef EMULATE_MIN_MAX
EMULATE_INLINE unsigned umin(unsigned a, unsigned b) { return a < b ? a : b; }
EMULATE_INLINE unsigned umax(unsigned a, unsigned b) { return a < b ? b : a; }
EMULATE_INLINE long long llmin(long long a, long long b) { return a < b ? a : b; }
EMULATE_INLINE long long llmax(long long a, long long b) { return a < b ? b : a; }
EMULATE_INLINE unsigned long long ullmin(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
EMULATE_INLINE unsigned long long ullmax(unsigned long long a, unsigned long long b) { return a < b ? b : a; }

// Fast versions.
EMULATE_INLINE float __sinf(float x) { return sinf(x); }
EMULATE_INLINE float __cosf(float x) { return cosf(x); }
EMULATE_INLINE float __tanf(float x) { return tanf(x); }
EMULATE_INLINE float __tanhf(float x) { return tanhf(x); }
EMULATE_INLINE float __expf(float x) { return expf(x); }
EMULATE_INLINE float __exp10f(float x) { return exp10f(x); }
EMULATE_INLINE float __logf(float x) { return logf(x); }
EMULATE_INLINE float __log2f(float x) { return log2f(x); }
EMULATE_INLINE float __log10f(float x) { return log10f(x); }
EMULATE_INLINE float __powf(float x, float y) { return powf(x, y); }
EMULATE_INLINE float __fdividef(float x, float y) { return x / y; }
EMULATE_INLINE float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }
EMULATE_INLINE void __sincosf(float x, float *sine, float *cosine) { *sine = sinf(x), *cosine = cosf(x); }
EMULATE_INLINE float __frsqrt_rn(float x) { return static_cast<float>(1 / sqrt(static_cast<double>(x))); }

#define EMULATE_ROUNDED(mode)                                                                                             \
    EMULATE_INLINE float __fadd_##mode(float a, float b) { return ::emulate::add(a, b, ::emulate::Rounding::mode); }      \
    EMULATE_INLINE float __fsub_##mode(float a, float b) { return ::emulate::add(a, -b, ::emulate::Rounding::mode); }     \
    EMULATE_INLINE float __fmul_##mode(float a, float b) { return ::emulate::multiply(a, b, ::emulate::Rounding::mode); } \
    EMULATE_INLINE float __fdiv_##mode(float a, float b) { return ::emulate::divide(a, b, ::emulate::Rounding::mode); }   \
    EMULATE_INLINE float __frcp_##mode(float a) { return ::emulate::divide(1.0f, a, ::emulate::Rounding::mode); }         \
    EMULATE_INLINE float __fsqrt_##mode(float a) { return ::emulate::root(a, ::emulate::Rounding::mode); }                \
    EMULATE_INLINE float __fmaf_##mode(float a, float b, float c) { return ::emulate::multiply_add(a, b, c, ::emulate::Rounding::mode); } \
    EMULATE_INLINE double __dadd_##mode(double a, double b) { return ::emulate::add(a, b, ::emulate::Rounding::mode); }   \
    EMULATE_INLINE double __dsub_##mode(double a, double b) { return ::emulate::add(a, -b, ::emulate::Rounding::mode); }  \
    EMULATE_INLINE double __dmul_##mode(double a, double b) { return ::emulate::multiply(a, b, ::emulate::Rounding::mode); } \
    EMULATE_INLINE double __ddiv_##mode(double a, double b) { return ::emulate::divide(a, b, ::emulate::Rounding::mode); } \
    EMULATE_INLINE double __drcp_##mode(double a) { return ::emulate::divide(1.0, a, ::emulate::Rounding::mode); }        \
    EMULATE_INLINE double __dsqrt_##mode(double a) { return ::emulate::root(a, ::emulate::Rounding::mode); }              \
    EMULATE_INLINE double __fma_##mode(double a, double b, double c) { return ::emulate::multiply_add(a, b, c, ::emulate::Rounding::mode); } \
    EMULATE_INLINE int __float2int_##mode(float x) { return ::emulate::saturated<int>(::emulate::to_whole_##mode(x)); }   \
    EMULATE_INLINE unsigned __float2uint_##mode(float x) { return ::emulate::saturated<unsigned>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE long long __float2ll_##mode(float x) { return ::emulate::saturated<long long>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE unsigned long long __float2ull_##mode(float x) { return ::emulate::saturated<unsigned long long>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE int __double2int_##mode(double x) { return ::emulate::saturated<int>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE unsigned __double2uint_##mode(double x) { return ::emulate::saturated<unsigned>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE long long __double2ll_##mode(double x) { return ::emulate::saturated<long long>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE unsigned long long __double2ull_##mode(double x) { return ::emulate::saturated<unsigned long long>(::emulate::to_whole_##mode(x)); } \
    EMULATE_INLINE float __double2float_##mode(double x) { return ::emulate::narrow(x, ::emulate::Rounding::mode); }      \
    EMULATE_INLINE float __int2float_##mode(int x) { return ::emulate::narrow(static_cast<double>(x), ::emulate::Rounding::mode); } \
    EMULATE_INLINE float __uint2float_##mode(unsigned x) { return ::emulate::narrow(static_cast<double>(x), ::emulate::Rounding::mode); } \
    EMULATE_INLINE float __ll2float_##mode(long long x) { return ::emulate::narrow(x, ::emulate::Rounding::mode); }       \
    EMULATE_INLINE float __ull2float_##mode(unsigned long long x) { return ::emulate::narrow(x, ::emulate::Rounding::mode); } \
    EMULATE_INLINE double __ll2double_##mode(long long x) { return ::emulate::widen(x, ::emulate::Rounding::mode); }      \
    EMULATE_INLINE double __ull2double_##mode(unsigned long long x) { return ::emulate::widen(x, ::emulate::Rounding::mode); }
EMULATE_ROUNDED(rn)
EMULATE_ROUNDED(rz)
EMULATE_ROUNDED(ru)
EMULATE_ROUNDED(rd)
#undef EMULATE_ROUNDED
EMULATE_INLINE double __int2double_rn(int x) { return x; }
EMULATE_INLINE double __uint2double_rn(unsigned x) { return x; }

// Bits of numbers.
EMULATE_INLINE int __float_as_int(float x) { return ::emulate::reinterpret<int>(x); }
EMULATE_INLINE unsigned __float_as_uint(float x) { return ::emulate::reinterpret<unsigned>(x); }
EMULATE_INLINE float __int_as_float(int x) { return ::emulate::reinterpret<float>(x); }
EMULATE_INLINE float __uint_as_float(unsigned x) { return ::emulate::reinterpret<float>(x); }
EMULATE_INLINE long long __double_as_longlong(double x) { return ::emulate::reinterpret<long long>(x); }
EMULATE_INLINE double __longlong_as_double(long long x) { return ::emulate::reinterpret<double>(x); }
EMULATE_INLINE int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
EMULATE_INLINE int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
EMULATE_INLINE double __hiloint2double(int high, int low) {
    return __longlong_as_double(static_cast<long long>(static_cast<unsigned long long>(static_cast<unsigned>(high)) << 32 | static_cast<unsigned>(low)));
}

#include <emulate/integer.h>
