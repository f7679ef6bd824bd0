// An array of the host's, sorted by the policy thrust::device.
#include <cstdio>
#include <vector>

#include <thrust/execution_policy.h>
#include <thrust/sort.h>

int main() {
    const int n = 100;
    std::vector<int> values(n);
    for (int i = 0; i < n; ++i) values[i] = i * 37 % n;
    thrust::sort(thrust::device, values.data(), values.data() + n); // defect: device_access_of_host_memory
    int wrong = 0;
    for (int i = 0; i < n; ++i) wrong += values[i] != i;
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
