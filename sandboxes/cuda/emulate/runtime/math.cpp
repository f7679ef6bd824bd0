// Mathematical functions that the C library does not have.
#include <cuda_runtime_api.h>
#include <emulate/math.h>

#include <cfenv>
#include <cmath>
#include <limits>

namespace emulate {

namespace {

// Computes in another rounding mode. The operands and the result are volatile, that the compiler moves nothing out.
template <class Compute>
auto rounded(Rounding rounding, Compute compute) {
    static constexpr int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
    if (rounding == Rounding::rn) return compute();
    fesetround(modes[static_cast<int>(rounding)]);
    volatile auto result = compute();
    fesetround(FE_TONEAREST);
    return static_cast<decltype(compute())>(result);
}

}  // namespace

#define EMULATE_OPERATIONS(T)                                                                                                        \
    T add(T a, T b, Rounding r) { return rounded(r, [&] { volatile T x = a, y = b; return static_cast<T>(x + y); }); }               \
    T multiply(T a, T b, Rounding r) { return rounded(r, [&] { volatile T x = a, y = b; return static_cast<T>(x * y); }); }          \
    T divide(T a, T b, Rounding r) { return rounded(r, [&] { volatile T x = a, y = b; return static_cast<T>(x / y); }); }            \
    T root(T a, Rounding r) { return rounded(r, [&] { volatile T x = a; return std::sqrt(static_cast<T>(x)); }); }                   \
    T multiply_add(T a, T b, T c, Rounding r) {                                                                                      \
        return rounded(r, [&] { volatile T x = a, y = b, z = c; return std::fma(static_cast<T>(x), static_cast<T>(y), static_cast<T>(z)); }); \
    }
EMULATE_OPERATIONS(float)
EMULATE_OPERATIONS(double)

float narrow(double a, Rounding r) { return rounded(r, [&] { volatile double x = a; return static_cast<float>(x); }); }
float narrow(long long a, Rounding r) { return rounded(r, [&] { volatile long long x = a; return static_cast<float>(x); }); }
float narrow(unsigned long long a, Rounding r) { return rounded(r, [&] { volatile unsigned long long x = a; return static_cast<float>(x); }); }
double widen(long long a, Rounding r) { return rounded(r, [&] { volatile long long x = a; return static_cast<double>(x); }); }
double widen(unsigned long long a, Rounding r) { return rounded(r, [&] { volatile unsigned long long x = a; return static_cast<double>(x); }); }

namespace {

constexpr double pi = 3.14159265358979323846, infinity = std::numeric_limits<double>::infinity();

// sin(pi*x): exact at the multiples of 1/2, since x is reduced before it is multiplied.
double sine_of_pi(double x) {
    if (!std::isfinite(x)) return std::nan("");
    const double r = std::remainder(x, 2.0);   // in [-1, 1]
    const double folded = r > 0.5 ? 1 - r : r < -0.5 ? -1 - r : r;
    return std::sin(pi * folded);
}

double cosine_of_pi(double x) {
    if (!std::isfinite(x)) return std::nan("");
    const double r = std::fabs(std::remainder(x, 2.0));
    return r == 0.5 ? 0 : r < 0.25 ? std::cos(pi * r) : std::sin(pi * (0.5 - r));
}

// x such that erfc(x) = y, for 0 < y < 2: Newton's steps on log(erfc), which is close to a parabola.
double inverse_erfc(double y) {
    if (std::isnan(y) || y < 0 || y > 2) return std::nan("");
    if (y == 0) return infinity;
    if (y == 2) return -infinity;
    if (y > 1) return -inverse_erfc(2 - y);
    // A start by the tail: erfc(x) ~ exp(-x²)/(x·sqrt(pi)).
    const double t = std::sqrt(-std::log(y));
    double x = y > 0.1 ? (1 - y) * std::sqrt(pi) / 2 : std::sqrt(std::fmax(0.5, t * t - std::log(std::fmax(t, 1.0) * std::sqrt(pi))));
    for (int i = 0; i < 60; ++i) {
        const double value = std::erfc(x), slope = -2 / std::sqrt(pi) * std::exp(-x * x);
        const double step = (std::log(value) - std::log(y)) * value / slope;
        x -= step;
        if (std::fabs(step) <= 1e-16 * std::fabs(x)) break;
    }
    return x;
}

// x such that erf(x) = y. Near 0, erfc would lose the digits.
double inverse_erf(double y) {
    if (std::fabs(y) > 0.5) return y > 0 ? inverse_erfc(1 - y) : -inverse_erfc(1 + y);
    double x = y * std::sqrt(pi) / 2;
    for (int i = 0; i < 60; ++i) {
        const double step = (std::erf(x) - y) * std::sqrt(pi) / 2 * std::exp(x * x);
        x -= step;
        if (std::fabs(step) <= 1e-16 * std::fabs(x)) break;
    }
    return x;
}

// exp(x²)·erfc(x).
double scaled_erfc(double x) {
    if (x < 10) return std::exp(x * x) * std::erfc(x);
    // The continued fraction, from its far end.
    double fraction = x;
    for (int k = 60; k > 0; --k) fraction = x + k / 2.0 / fraction;
    return 1 / (fraction * std::sqrt(pi));
}

template <class T>
T length(int dimension, const T *values) {
    long double sum = 0;
    for (int i = 0; i < dimension; ++i) sum += static_cast<long double>(values[i]) * values[i];
    return static_cast<T>(std::sqrt(sum));
}

}  // namespace

}  // namespace emulate

using namespace emulate;

// Each for double and float; that of float is computed in double.
#define EMULATE_UNARY(name, expression)                              \
    double name(double x) { return expression; }                     \
    float name##f(float value) { const double x = value; return static_cast<float>(expression); }

EMULATE_UNARY(rsqrt, 1 / std::sqrt(x))
EMULATE_UNARY(rcbrt, 1 / std::cbrt(x))
EMULATE_UNARY(sinpi, sine_of_pi(x))
EMULATE_UNARY(cospi, cosine_of_pi(x))
EMULATE_UNARY(erfinv, inverse_erf(x))
EMULATE_UNARY(erfcinv, inverse_erfc(x))
EMULATE_UNARY(erfcx, scaled_erfc(x))
EMULATE_UNARY(normcdf, std::erfc(-x / std::sqrt(2.0)) / 2)
EMULATE_UNARY(normcdfinv, -std::sqrt(2.0) * inverse_erfc(2 * x))
EMULATE_UNARY(cyl_bessel_i0, std::cyl_bessel_i(0, std::fabs(x)))
EMULATE_UNARY(cyl_bessel_i1, std::copysign(std::cyl_bessel_i(1, std::fabs(x)), x))

void sincospi(double x, double *sine, double *cosine) { *sine = sine_of_pi(x), *cosine = cosine_of_pi(x); }
void sincospif(float x, float *sine, float *cosine) { *sine = sinpif(x), *cosine = cospif(x); }
double rhypot(double x, double y) { return 1 / std::hypot(x, y); }
float rhypotf(float x, float y) { return static_cast<float>(1 / std::hypot(static_cast<double>(x), static_cast<double>(y))); }

double norm(int dimension, const double *values) { return length(dimension, values); }
float normf(int dimension, const float *values) { return length(dimension, values); }
double rnorm(int dimension, const double *values) { return 1 / length(dimension, values); }
float rnormf(int dimension, const float *values) { return 1 / length(dimension, values); }

#define EMULATE_NORMS(T, suffix)                                                                              \
    T norm3d##suffix(T a, T b, T c) { const T v[] = {a, b, c}; return length(3, v); }                         \
    T norm4d##suffix(T a, T b, T c, T d) { const T v[] = {a, b, c, d}; return length(4, v); }                 \
    T rnorm3d##suffix(T a, T b, T c) { return 1 / norm3d##suffix(a, b, c); }                                  \
    T rnorm4d##suffix(T a, T b, T c, T d) { return 1 / norm4d##suffix(a, b, c, d); }
EMULATE_NORMS(double, )
EMULATE_NORMS(float, f)
