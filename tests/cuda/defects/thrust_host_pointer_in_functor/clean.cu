// A table of the host's, copied to where a device lambda looks values up.
// Flags: --extended-lambda
#include <cstdio>
#include <vector>

#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/sequence.h>

int main() {
    const int n = 300;
    std::vector<int> table(16);
    for (int i = 0; i < 16; ++i) table[i] = i * i;
    thrust::device_vector<int> values(n);
    thrust::sequence(values.begin(), values.end());
    const thrust::device_vector<int> copy = table;
    const int *squares = thrust::raw_pointer_cast(copy.data());
    thrust::for_each(values.begin(), values.end(), [=] __device__(int &value) {
        value = squares[value % 16];
    });
    int wrong = 0;
    for (int i = 0; i < n; ++i) wrong += values[i] != (i % 16) * (i % 16);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
