// Run-length encoding by reduce_by_key and its decoding by scans and lower bounds.
#include <cstdio>
#include <string>

#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/gather.h>
#include <thrust/iterator/constant_iterator.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/discard_iterator.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/unique.h>

int main() {
    const std::string text = "aaabbbbbcddeeeeeeeeeeffzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzza";
    thrust::device_vector<char> input(text.begin(), text.end()), output(text.size());
    thrust::device_vector<int> lengths(text.size());
    const auto end = thrust::reduce_by_key(input.begin(), input.end(), thrust::constant_iterator<int>(1), output.begin(), lengths.begin());
    const auto runs = end.first - output.begin();
    const auto again = thrust::reduce_by_key(input.begin(), input.end(), thrust::constant_iterator<int>(1), thrust::make_discard_iterator(), lengths.begin()).second - lengths.begin();

    std::string encoded;
    for (int i = 0; i < runs; ++i) encoded += std::to_string(static_cast<int>(lengths[i])) + static_cast<char>(output[i]);
    // Decode: where each run ends, and for each place in which run it is.
    lengths.resize(runs);
    thrust::inclusive_scan(lengths.begin(), lengths.end(), lengths.begin());
    const int size = lengths.back();
    thrust::device_vector<int> run(size);
    thrust::upper_bound(lengths.begin(), lengths.end(), thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(size), run.begin());
    thrust::device_vector<char> decoded(size);
    thrust::gather(run.begin(), run.end(), output.begin(), decoded.begin());
    std::string back(size, ' ');
    thrust::copy(decoded.begin(), decoded.end(), back.begin());

    const auto distinct = thrust::unique_count(input.begin(), input.end());
    input.erase(thrust::unique(input.begin(), input.end()), input.end());
    const bool right = encoded == "3a5b1c2d10e2f36z1a" && back == text && runs == again && distinct == runs && static_cast<long>(input.size()) == runs;
    std::printf(right ? "PASS\n" : "FAIL %s %s\n", encoded.c_str(), back.c_str());
    return !right;
}
