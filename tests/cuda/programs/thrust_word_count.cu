// Words of a text by inner_product of neighbours, and lines by count; the longest run of letters by a scan by key.
#include <cstdio>
#include <cstring>

#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/extrema.h>
#include <thrust/functional.h>
#include <thrust/inner_product.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/scan.h>

__host__ __device__ bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

struct BeginsWord {
    __host__ __device__ bool operator()(const char &left, const char &right) const { return is_letter(right) && !is_letter(left); }
};
struct Letter {
    __host__ __device__ int operator()(char c) const { return is_letter(c); }
};

static const char text[] =
    "But the raven, sitting lonely on the placid bust, spoke only,\n"
    "That one word, as if his soul in that one word he did outpour.\n"
    "Nothing further then he uttered - not a feather then he fluttered -\n";

int main() {
    const int length = sizeof text - 1;
    thrust::device_vector<char> input(text, text + length);
    int words = is_letter(text[0]) ? 1 : 0;
    words += thrust::inner_product(input.begin(), input.end() - 1, input.begin() + 1, 0, thrust::plus<int>(), BeginsWord());
    const auto lines = thrust::count(input.begin(), input.end(), '\n');
    auto letters = thrust::make_transform_iterator(input.begin(), Letter());
    thrust::device_vector<int> run(length);
    thrust::inclusive_scan_by_key(letters, letters + length, letters, run.begin());
    const auto longest = thrust::max_element(run.begin(), run.end());

    int wanted = 0, best = 0, end = 0;
    for (int i = 0, current = 0; i < length; ++i) {
        wanted += is_letter(text[i]) && (i == 0 || !is_letter(text[i - 1]));
        current = is_letter(text[i]) ? current + 1 : 0;
        if (current > best) best = current, end = i;
    }
    const bool right = words == wanted && lines == 3 && *longest == best && longest - run.begin() == end;
    std::printf(right ? "PASS\n" : "FAIL %d %d\n", words, static_cast<int>(lines));
    return !right;
}
