// A Fourier transform in shared memory with cuComplex.
#include <cuComplex.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

template <int N>
__global__ void fft(cuFloatComplex *data) {
    __shared__ cuFloatComplex s[N];
    const int t = threadIdx.x;
    cuFloatComplex *block = data + blockIdx.x * N;
    for (int i = t; i < N; i += N / 2) s[__brev(i) >> (32 - __ffs(N) + 1)] = block[i];
    __syncthreads();
    for (int half = 1; half < N; half *= 2) {
        const int k = t % half, top = (t / half) * 2 * half + k;
        float sine, cosine;
        sincospif(-(float)k / half, &sine, &cosine);
        cuFloatComplex odd = cuCmulf(make_cuFloatComplex(cosine, sine), s[top + half]), even = s[top];
        s[top] = cuCaddf(even, odd);
        s[top + half] = cuCsubf(even, odd);
        __syncthreads();
    }
    for (int i = t; i < N; i += N / 2) block[i] = s[i];
}

int main() {
    const int n = 64, batch = 3;
    std::vector<cuFloatComplex> h(n * batch), got(n * batch);
    for (int i = 0; i < n * batch; ++i) h[i] = make_cuFloatComplex(sinf(i * 0.3f), cosf(i * 0.11f));
    cuFloatComplex *d;
    CHECK(cudaMalloc(&d, h.size() * sizeof *d));
    CHECK(cudaMemcpy(d, h.data(), h.size() * sizeof *d, cudaMemcpyHostToDevice));
    fft<n><<<batch, n / 2>>>(d);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(got.data(), d, h.size() * sizeof *d, cudaMemcpyDeviceToHost));
    for (int b = 0; b < batch; ++b)
        for (int k = 0; k < n; ++k) {
            double re = 0, im = 0;
            for (int i = 0; i < n; ++i) {
                double c = cos(-2 * M_PI * k * i / n), s = sin(-2 * M_PI * k * i / n);
                re += h[b * n + i].x * c - h[b * n + i].y * s, im += h[b * n + i].x * s + h[b * n + i].y * c;
            }
            if (hypot(re - cuCrealf(got[b * n + k]), im - cuCimagf(got[b * n + k])) > 1e-3) return 1;
        }
    return 0;
}
