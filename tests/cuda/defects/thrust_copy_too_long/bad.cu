// More elements come from the host than the vector of the device has room for.
#include <cstdio>

#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>

int main() {
    const int n = 100;
    thrust::host_vector<int> host(n, 4);
    thrust::device_vector<int> device(n - 4);
    thrust::copy(host.begin(), host.end(), device.begin()); // defect: out_of_bounds
    std::printf(device[n - 5] == 4 ? "PASS\n" : "FAIL\n");
    return 0;
}
