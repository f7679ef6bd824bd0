// The host's part, which the host's compiler alone sees.
#include "kernels.h"

#include <cstdio>
#include <vector>

int main() {
    const int n = 500;
    float *in, *out;
    int *ints;
    if (cudaMalloc(&in, n * sizeof(float)) || cudaMalloc(&out, n * sizeof(float)) || cudaMalloc(&ints, n * sizeof(int))) return 1;
    if (launchFill(in, n, 2.0f) || launchFill(ints, n, 3)) return 2;
    if (launchFilter(in, out, n, Filter{{1, 0.5f, 0.25f, 0}, 3})) return 3;
    std::vector<float> h(n);
    std::vector<int> hi(n);
    cudaMemcpy(h.data(), out, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaMemcpy(hi.data(), ints, n * sizeof(int), cudaMemcpyDeviceToHost);
    if (h[0] != 2 || h[1] != 3 || h[2] != 3.5f || h[n - 1] != 3.5f) return 4;
    return sum_on_host(hi.data(), n) == 3 * n ? 0 : 5;
}
