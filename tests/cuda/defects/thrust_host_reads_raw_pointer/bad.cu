// The result of a scan, which the host adds up through the vector's raw pointer.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/scan.h>

int main() {
    const int n = 64;
    thrust::device_vector<int> values(n, 1);
    thrust::inclusive_scan(values.begin(), values.end(), values.begin());
    const int *sums = thrust::raw_pointer_cast(values.data());
    int total = 0;
    for (int i = 0; i < n; ++i) total += sums[i]; // defect: host_access_of_device_memory
    std::printf(total == n * (n + 1) / 2 ? "PASS\n" : "FAIL\n");
    return total != n * (n + 1) / 2;
}
