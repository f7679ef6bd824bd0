// Whether assay/compare.h accepts what is right and catches what is wrong:
//   g++ -std=c++17 -Wall -Wextra -Werror -I sandboxes/cuda/judge tests/cuda/compare_test.cpp -o compare_test && ./compare_test
#include <assay/compare.h>

#include <cstdlib>
#include <numeric>

using assay::Bound;
using assay::Input;
using assay::Rule;

// bfloat16 as a testbench would teach it, where <cuda_bf16.h> is not at hand: rounded to nearest, ties to even.
struct Brief {
    uint16_t bits;
    Brief() = default;
    explicit Brief(double x) {
        const float single = static_cast<float>(x);
        uint32_t word;
        std::memcpy(&word, &single, sizeof word);
        if ((word & 0x7FFFFFFF) <= 0x7F800000) word += 0x7FFF + (word >> 16 & 1);
        bits = static_cast<uint16_t>(word >> 16);
    }
    operator float() const {
        const uint32_t word = static_cast<uint32_t>(bits) << 16;
        float single;
        std::memcpy(&single, &word, sizeof single);
        return single;
    }
};
template <>
struct assay::Number<Brief> {
    static constexpr int digits = 8, exponent = -126;
    static double largest() { return std::ldexp(255, 120); }
    static double value(Brief x) { return static_cast<float>(x); }
    static Brief of(double x) { return Brief(x); }
};

static int failures = 0;
#define EXPECT(condition)                                                              \
    do {                                                                               \
        if (!(condition)) ++failures, std::printf("line %d: %s\n", __LINE__, #condition); \
    } while (0)

struct Sum {
    double exact, magnitude;
};

static Sum exact_sum(const std::vector<float> &x) {
    long double exact = 0, magnitude = 0;
    for (float v : x) exact += v, magnitude += std::fabs(v);
    return {static_cast<double>(exact), static_cast<double>(magnitude)};
}

static bool accepts(const Sum &sum, float got, size_t n, Bound bound) {
    Rule rule;
    rule.operations = n, rule.bound = bound;
    return assay::compare(&sum.exact, &got, 1, rule, &sum.magnitude).ok();
}

static float pairwise(const float *x, size_t n) {
    return n == 0 ? 0 : n == 1 ? x[0] : pairwise(x, n / 2) + pairwise(x + n / 2, n - n / 2);
}

static float strided(const std::vector<float> &x, size_t threads) {
    std::vector<float> partial(threads, 0);
    for (size_t i = 0; i < x.size(); ++i) partial[i % threads] += x[i];
    return pairwise(partial.data(), threads);
}

// Sums in any order are right, whatever is summed.
static void any_order_is_accepted() {
    for (size_t n : {1, 2, 33, 1000, 100000})
        for (Input input : assay::ordinary_inputs())
            for (uint64_t seed = 0; seed < 3; ++seed) {
                std::vector<float> x = assay::make<float>(input, n, seed);
                const Sum sum = exact_sum(x);
                const bool random = input == Input::uniform || input == Input::normal;
                for (Bound bound : {Bound::worst, Bound::probable}) {
                    if (bound == Bound::probable && !random) continue;
                    EXPECT(accepts(sum, std::accumulate(x.begin(), x.end(), 0.0f), n, bound));
                    EXPECT(accepts(sum, std::accumulate(x.rbegin(), x.rend(), 0.0f), n, bound));
                    EXPECT(accepts(sum, pairwise(x.data(), n), n, bound));
                    EXPECT(accepts(sum, strided(x, 256), n + 8, bound));
                }
            }
}

// A sum that lacks a term, or has one twice, is wrong.
static void a_missing_term_is_caught() {
    for (size_t n : {2, 33, 1000, 10007})
        for (uint64_t seed = 0; seed < 3; ++seed) {
            for (Input input : {Input::ends, Input::constant, Input::uniform}) {
                std::vector<float> x = assay::make<float>(input, n, seed);
                for (float &v : x) v = std::fabs(v);
                // One term of n is a part of n in their sum, and rounding comes to n u of it: told apart as long as n^2 u < 1.
                if (input != Input::ends && n > 1000) continue;
                const Sum sum = exact_sum(x);
                if (input == Input::uniform && x.back() < 0.1f) continue;
                EXPECT(!accepts(sum, std::accumulate(x.begin(), x.end() - 1, 0.0f), n, Bound::worst));
                EXPECT(!accepts(sum, std::accumulate(x.begin(), x.end(), x.back()), n, Bound::worst));
                if (input == Input::ends) EXPECT(!accepts(sum, std::accumulate(x.begin() + 1, x.end(), 0.0f), n, Bound::worst));
            }
            // Whole numbers leave no room at all.
            std::vector<float> whole = assay::make<float>(Input::whole, 1000000, seed);
            const double exact = exact_sum(whole).exact;
            float sum = std::accumulate(whole.begin(), whole.end(), 0.0f);
            EXPECT(assay::compare(&exact, &sum, 1, Rule::exact()).ok());
            sum += 1;
            EXPECT(!assay::compare(&exact, &sum, 1, Rule::exact()).ok());
        }
    // The probable bound tells a missing term of a longer sum.
    std::vector<float> x(10000, 0.5f);
    for (size_t i = 0; i < x.size(); ++i) x[i] += static_cast<float>(i % 7) / 16;
    EXPECT(!accepts(exact_sum(x), pairwise(x.data(), x.size() - 1), x.size(), Bound::probable));
    EXPECT(accepts(exact_sum(x), pairwise(x.data(), x.size()), x.size(), Bound::probable));
}

// Terms that cancel are judged by their magnitude; wrong ones that do not are not excused by it.
static void cancellation_is_judged_fairly() {
    const std::vector<float> x = {1e8f, 1, -1e8f, 0.25f};
    const Sum sum = exact_sum(x);
    EXPECT(accepts(sum, ((x[0] + x[1]) + x[2]) + x[3], 4, Bound::worst));
    EXPECT(!accepts({sum.exact, std::fabs(sum.exact)}, 0.25f, 4, Bound::worst));
    EXPECT(!accepts(sum, 100, 4, Bound::worst));
}

static bool same(double expected, float got, Rule rule = {}) { return assay::compare(&expected, &got, 1, rule).ok(); }

static void special_values_follow_the_stated_policy() {
    const float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
    EXPECT(same(std::nan(""), std::nanf("7")) && !same(1, std::nanf("")) && !same(std::nan(""), 0) && !same(infinity, std::nanf("")));
    EXPECT(!same(std::nan(""), assay::poison<float>()));
    EXPECT(same(infinity, infinity) && !same(infinity, -infinity) && !same(infinity, largest) && !same(1, infinity));
    EXPECT(same(2.0 * largest, infinity) && same(-2.0 * largest, -infinity) && !same(largest / 2, infinity));
    EXPECT(same(largest, infinity));  // within the admissible error of an overflow
    EXPECT(same(0.0, -0.0f) && same(-0.0, 0.0f) && !same(0, 1e-30f));
    Rule fast;
    EXPECT(same(1e-40, 1e-40f) && !same(1e-40, 0));
    fast.flushed = true;
    EXPECT(same(1e-40, 0, fast) && !same(1e-36, 0, fast));
}

static void functions_have_their_ulps() {
    const float got = std::nextafter(std::nextafter(1.0f, 2.0f), 2.0f);
    Rule rule;
    EXPECT(!same(1, std::nextafter(got, 2.0f)));
    rule.ulps = 2;
    EXPECT(same(1, got, rule) && !same(1, 1.000001f, rule));
    const double expected = 1;
    EXPECT(assay::compare(&expected, &got, 1, rule).largest_ulp == 2);
}

template <class T>
static void other_types() {
    using N = assay::Number<T>;
    const size_t n = 500;
    const std::vector<T> a = assay::make<T>(Input::normal, n, 1), b = assay::make<T>(Input::uniform, n, 2);
    double exact = 0, magnitude = 0;
    float sum = 0;
    T low = N::of(0);
    for (size_t i = 0; i < n; ++i) {
        exact += N::value(a[i]) * N::value(b[i]);
        magnitude += std::fabs(N::value(a[i]) * N::value(b[i]));
        sum += static_cast<float>(N::value(a[i]) * N::value(b[i]));
        low = N::of(N::value(low) + N::value(N::of(N::value(a[i]) * N::value(b[i]))));
    }
    Rule own, wide;
    own.operations = wide.operations = 2 * n, wide.digits = 24;
    const T rounded = N::of(sum), off = N::of(sum + 0.05 * magnitude);
    EXPECT(assay::compare(&exact, &rounded, 1, wide, &magnitude).ok());
    EXPECT(assay::compare(&exact, &low, 1, own, &magnitude).ok());
    EXPECT(!assay::compare(&exact, &off, 1, wide, &magnitude).ok());
    EXPECT(assay::error_bound(1 << 12, N::digits, Bound::worst) < 1e3);  // never without a bound
}

static void integers_are_exact() {
    const std::vector<int64_t> expected = {1, -2, int64_t{1} << 60};
    std::vector<int64_t> got = expected;
    EXPECT(assay::compare(expected, got).ok());
    got[2] += 1;  // a double does not tell them apart
    const assay::Report report = assay::compare(expected, got);
    EXPECT(report.mismatches == 1 && report.first == 2);
    EXPECT(assay::compare(expected, std::vector<int64_t>{1, -2}).mismatches == 1);
    EXPECT(assay::make<uint8_t>(Input::alternating, 4, 0) == (std::vector<uint8_t>{0, 255, 0, 255}));
}

template <class T>
static void poison_is_told() {
    std::vector<T> out = assay::poisoned<T>(10);
    EXPECT(assay::poison_left(out.data(), out.size()) == 10);
    EXPECT(assay::Number<T>::digits == 0 || std::isnan(assay::Number<T>::value(out[0])));
    out[3] = assay::Number<T>::of(1);
    EXPECT(assay::poison_left(out.data(), out.size()) == 9);
    const std::vector<double> expected(10, 1);
    if (assay::Number<T>::digits == 0) return;
    const assay::Report report = assay::compare(expected, out);
    EXPECT(report.mismatches == 9 && report.unwritten == 9 && report.first == 0);
    EXPECT(report.line("case").find("9 of 10 wrong (9 never written); first at 0: expected 1") != std::string::npos);
}

static void inputs_are_as_described() {
    for (Input input : assay::ordinary_inputs()) {
        EXPECT(assay::make<float>(input, 100, 7) == assay::make<float>(input, 100, 7));
        for (float x : assay::make<float>(input, 1000, 7)) EXPECT(std::isfinite(x * 1000));
        EXPECT(assay::make<float>(input, 0, 7).empty());
    }
    EXPECT(assay::make<float>(Input::normal, 100, 7) != assay::make<float>(Input::normal, 100, 8));
    const std::vector<float> sorted = assay::make<float>(Input::sorted, 100, 7), denormal = assay::make<float>(Input::denormal, 100, 7);
    EXPECT(std::is_sorted(sorted.begin(), sorted.end()));
    EXPECT(std::all_of(denormal.begin(), denormal.end(), [](float x) { return std::fpclassify(x) != FP_NORMAL; }));
    const std::vector<float> special = assay::make<float>(Input::special, 1000, 7);
    EXPECT(std::any_of(special.begin(), special.end(), [](float x) { return std::isnan(x); }));
    const std::vector<int> lengths = assay::lengths(128, true);
    EXPECT(lengths.front() == 0 && std::count(lengths.begin(), lengths.end(), 129) == 1);
}

int main() {
    any_order_is_accepted();
    a_missing_term_is_caught();
    cancellation_is_judged_fairly();
    special_values_follow_the_stated_policy();
    functions_have_their_ulps();
    other_types<Brief>();
    other_types<float>();
    integers_are_exact();
    poison_is_told<float>();
    poison_is_told<double>();
    poison_is_told<Brief>();
    poison_is_told<int>();
    inputs_are_as_described();
    std::printf("%d failures\n", failures);
    return failures != 0;
}
