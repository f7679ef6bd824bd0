// Kernels of a program of several files: launchers are what the others see.
#include "kernels.h"

namespace {
__global__ void filterKernel(const float *in, float *out, int n, Filter filter) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float sum = 0;
    for (int t = 0; t < filter.taps; ++t) sum += i >= t ? in[i - t] * filter.weights[t] : 0;
    out[i] = sum;
}
template <typename T>
__global__ void fillKernel(T *data, int n, T value) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] = value;
}
}  // namespace

cudaError_t launchFilter(const float *in, float *out, int n, Filter filter, cudaStream_t stream) {
    filterKernel<<<(n + 127) / 128, 128, 0, stream>>>(in, out, n, filter);
    return cudaGetLastError();
}

template <typename T>
cudaError_t launchFill(T *data, int n, T value) {
    fillKernel<<<(n + 127) / 128, 128>>>(data, n, value);
    return cudaGetLastError();
}
template cudaError_t launchFill<float>(float *, int, float);
template cudaError_t launchFill<int>(int *, int, int);
