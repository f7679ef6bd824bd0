// An array of the host's, sorted by the policy thrust::host.
#include <cstdio>
#include <vector>

#include <thrust/execution_policy.h>
#include <thrust/sort.h>

int main() {
    const int n = 100;
    std::vector<int> values(n);
    for (int i = 0; i < n; ++i) values[i] = i * 37 % n;
    thrust::sort(thrust::host, values.data(), values.data() + n);
    int wrong = 0;
    for (int i = 0; i < n; ++i) wrong += values[i] != i;
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
