// A table of the host's, by whose address a device lambda looks values up.
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
    const int *squares = table.data();
    thrust::for_each(values.begin(), values.end(), [=] __device__(int &value) {
        value = squares[value % 16]; // defect: device_access_of_host_memory
    });
    int wrong = 0;
    for (int i = 0; i < n; ++i) wrong += values[i] != (i % 16) * (i % 16);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
