// For testbenches of CUDA programs: inputs, poison for outputs, shapes, and the comparison of numbers with a reference.
//
// Host only, C++17, no state: nvcc and g++ take it alike. Half precision is there where <cuda_fp16.h> or <cuda_bf16.h> was
// included before it.
//
//   auto x = assay::make<float>(assay::Input::normal, n, seed);
//   auto out = assay::poisoned<float>(rows);               // copied to the device before the call, and back after it
//   const auto rule = assay::Rule::of(2 * n);              // a sum of `n` products, in whatever order
//   assay::Report report = assay::compare(expected, out, rule, magnitudes);
//   if (!report.ok()) return report.tell("matvec, 33 rows");   // one line on stderr, 1
//
// How far a right result may be off. Let u = 2^-p be the unit roundoff of the type that sums are kept in (p = 24 for float).
// An element to which n operations contributed differs from the exact result by at most gamma_n * S, gamma_n = n u / (1 - n u),
// where S is the sum of the absolute values of its terms, and whatever the order of the operations is, fused or not
// (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., lemma 3.1 and section 4.2). So the bound is never too
// tight, and with S given it judges sums that cancel fairly: without S, |expected| takes its place, which holds only for terms
// of one sign. It grows with n, and no bound can then tell a missing term from rounding once n^2 u > 1. For that there are
// inputs whose sums are exact (`Input::whole`, compared with `Rule::exact()`) and inputs whose ends weigh as much as all
// the rest (`Input::ends`).
// `Bound::probable` is sharper: where roundings are independent and of mean zero, the error stays below
// (exp(L sqrt(n) u + n u^2 / (1 - u)) - 1) S but for a probability of 2 n exp(-L^2 (1 - u)^2 / 2) (N. Higham and T. Mary, A new
// approach to probabilistic rounding error analysis, 2019, theorem 2.4). L is chosen for a failure in 10^9 comparisons. That
// is so for `uniform` and `normal`; it is not for constant inputs, whose roundings all go one way.
//
// NaN and infinity: a NaN is right where a NaN is expected (whatever its payload, but for the poison's), and nowhere else; an
// infinity where that infinity is expected, or where the expected value is so large that an admissible error overflows. Zeros of
// both signs are equal. Integers are compared exactly.
#pragma once
#include <assay/inputs.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace assay {
// Of this file alone, so that no other file of the program can put its own in the place of these.
namespace {

// What outputs are filled with before the call: a quiet NaN that no computation gives, integers the byte 0xA5.
template <class T>
T poison() {
    unsigned char bytes[sizeof(T)];
    std::memset(bytes, 0xA5, sizeof bytes);
    if (Number<T>::digits != 0) {  // little-endian: sign, exponent and the first bit of the significand set
        bytes[sizeof(T) - 1] = 0xFF;
        if (sizeof(T) > 2 || Number<T>::digits == 8) bytes[sizeof(T) - 2] |= 0xE0;
        if (sizeof(T) == 8) bytes[6] = 0xFC;
    }
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

template <class T>
std::vector<T> poisoned(size_t n) { return std::vector<T>(n, poison<T>()); }

template <class T>
bool is_poison(const T &value) {
    const T pattern = poison<T>();
    return std::memcmp(&value, &pattern, sizeof value) == 0;
}

// How many elements were never written.
template <class T>
size_t poison_left(const T *values, size_t n) { return static_cast<size_t>(std::count_if(values, values + n, is_poison<T>)); }

enum class Bound { worst, probable };  // see the head of this file

// What may contribute to the error of an element.
struct Rule {
    size_t operations = 1;       // roundings on the way of a term to the result; an upper bound
    Bound bound = Bound::worst;
    int digits = 0;              // of the type that sums are kept in, 0: the result's own
    double ulps = 0;             // errors of functions, in ulp of the result: CUDA C++ programming guide, mathematical functions
    bool flushed = false;        // whether denormal results and inputs may count as zero (-ftz=true, fast math)

    static Rule exact() { return of(0); }  // bit for bit, but for the sign of zero and the payload of NaN
    static Rule of(size_t operations, int digits = 0) {
        Rule rule;
        rule.operations = operations, rule.digits = digits;
        return rule;
    }
};

// The factor of the sum of absolute terms. Where so many operations leave no digit for certain, the probable one.
inline double error_bound(size_t operations, int digits, Bound bound) {
    const double n = static_cast<double>(operations), u = std::ldexp(1, -digits);
    if (operations == 0) return 0;
    const double factor = std::sqrt(2 * std::log(2 * n * 1e9)) / (1 - u);
    const double probable = std::expm1(factor * std::sqrt(n) * u + n * u * u / (1 - u));
    if (n * u >= 1) return probable;
    const double worst = n * u / (1 - n * u);
    return bound == Bound::worst ? worst : std::min(worst, probable);
}

struct Report {
    size_t compared = 0, mismatches = 0, unwritten = 0, first = 0;
    double expected = 0, got = 0, allowed = 0;  // at the first mismatch; `allowed` is absolute
    double largest_ulp = 0, largest_relative = 0;  // of all elements where both are finite, right ones too

    bool ok() const { return mismatches == 0; }

    std::string line(const std::string &what) const {
        char text[512];
        std::snprintf(text, sizeof text, "%zu of %zu wrong (%zu never written); first at %zu: expected %.9g, got %.9g, allowed error %.3g; ",
                      mismatches, compared, unwritten, first, expected, got, allowed);
        std::string said = what + ": " + (ok() ? std::to_string(compared) + " right; " : text);
        std::snprintf(text, sizeof text, "largest error %.3g ulp, relative %.3g", largest_ulp, largest_relative);
        return said + text;
    }

    // Says what is wrong, and gives the exit status: 0 right, 1 wrong.
    int tell(const std::string &what) const {
        if (!ok()) std::fprintf(stderr, "%s\n", line(what).c_str());
        return ok() ? 0 : 1;
    }
};

// Compares with a reference of at least double's precision (integers: of their own type, exactly). `magnitudes`, where given,
// holds each element's sum of absolute terms.
template <class T, class Reference>
Report compare(const Reference *expected, const T *got, size_t n, const Rule &rule = {}, const double *magnitudes = nullptr) {
    using N = Number<T>;
    Report report;
    report.compared = n;
    for (size_t i = 0; i < n; ++i) {
        bool right;
        double allowed = 0;
        const double wanted = Number<Reference>::value(expected[i]), value = N::value(got[i]);
        if constexpr (N::digits == 0) {
            right = expected[i] == static_cast<Reference>(got[i]);
        } else {
            const double rounded = N::value(N::of(wanted)), own = ulp<T>(wanted);
            if (rule.operations > 0) {
                const double scale = std::max(magnitudes ? magnitudes[i] : 0, std::fabs(wanted));
                const double operations = static_cast<double>(rule.operations);
                // rounding of the sum, rounding to the result's type, errors of functions, underflow of each operation
                allowed = error_bound(rule.operations, rule.digits ? rule.digits : N::digits, rule.bound) * scale + own / 2 + rule.ulps * own;
                allowed += operations * (rule.flushed ? smallest_normal<T>() : ulp<T>(0) / 2);
            }
            if (std::isnan(wanted)) right = std::isnan(value) && !is_poison(got[i]);
            else if (std::isinf(value)) right = value == rounded || ((value > 0) == (wanted > 0) && std::fabs(wanted) + allowed > N::largest());
            else right = value == rounded || (std::isfinite(wanted) && std::fabs(value - wanted) <= allowed);
            if (std::isfinite(wanted) && std::isfinite(value)) {
                const double off = std::fabs(value - wanted);
                report.largest_ulp = std::max(report.largest_ulp, off / own);
                if (wanted != 0) report.largest_relative = std::max(report.largest_relative, off / std::fabs(wanted));
            }
        }
        if (right) continue;
        if (report.mismatches++ == 0) report.first = i, report.expected = wanted, report.got = value, report.allowed = allowed;
        if (is_poison(got[i])) ++report.unwritten;
    }
    return report;
}
template <class T, class Reference>
Report compare(const std::vector<Reference> &expected, const std::vector<T> &got, const Rule &rule = {}, const double *magnitudes = nullptr) {
    std::vector<T> all = got;
    all.resize(expected.size(), poison<T>());
    return compare(expected.data(), all.data(), all.size(), rule, magnitudes);
}

}  // namespace
}  // namespace assay
