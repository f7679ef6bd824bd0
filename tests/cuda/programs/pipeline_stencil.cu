// A stencil over a long row: the next tile comes by asynchronous copies while this one is computed.
// Arch: sm_80
#include <cuda_pipeline.h>
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)


constexpr int TILE = 128, STAGES = 3, RADIUS = 2;

__global__ void stencil(const float *in, float *out, int n, int tiles) {
    __shared__ __align__(16) float buffer[STAGES][TILE + 2 * RADIUS];
    const int first = blockIdx.x * tiles * TILE;
    auto fetch = [&](int tile) {
        float *to = buffer[tile % STAGES];
        for (int i = threadIdx.x; i < TILE + 2 * RADIUS; i += blockDim.x) {
            const int from = first + tile * TILE + i - RADIUS;
            const bool inside = from >= 0 && from < n;
            __pipeline_memcpy_async(to + i, in + (inside ? from : 0), sizeof(float), inside ? 0 : sizeof(float));
        }
        __pipeline_commit();
    };
    for (int tile = 0; tile < STAGES - 1; ++tile) fetch(tile);
    for (int tile = 0; tile < tiles; ++tile) {
        if (tile + STAGES - 1 < tiles) fetch(tile + STAGES - 1);
        else __pipeline_commit();   // an empty group, so that the count goes on
        __pipeline_wait_prior(STAGES - 1);
        __syncthreads();
        const float *now = buffer[tile % STAGES] + threadIdx.x;
        float sum = 0;
        for (int i = 0; i <= 2 * RADIUS; ++i) sum += now[i];
        const int at = first + tile * TILE + threadIdx.x;
        if (at < n) out[at] = sum;
        __syncthreads();
    }
}

// Pieces of 8 and 16 bytes, by the class.
__global__ void reversed(const double2 *in, double2 *out, int n) {
    __shared__ double2 all[64];
    __shared__ double firsts[64];
    nvcuda::experimental::pipeline pipe;
    const int t = threadIdx.x;
    nvcuda::experimental::memcpy_async(all[t], in[t], pipe);
    pipe.commit();
    nvcuda::experimental::memcpy_async(firsts[t], in[t].x, pipe);
    pipe.commit_and_wait();
    __syncthreads();
    out[n - 1 - t] = make_double2(all[n - 1 - t].y, firsts[t]);
}

int main() {
    const int n = 5000, tiles = 8, blocks = (n + tiles * TILE - 1) / (tiles * TILE);
    std::vector<float> in(n), out(n);
    for (int i = 0; i < n; ++i) in[i] = (float)(i % 17 - 8);
    float *din, *dout;
    CHECK(cudaMalloc(&din, n * sizeof(float)));
    CHECK(cudaMalloc(&dout, n * sizeof(float)));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    stencil<<<blocks, TILE>>>(din, dout, n, tiles);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, n * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        float want = 0;
        for (int j = i - RADIUS; j <= i + RADIUS; ++j) want += j >= 0 && j < n ? in[j] : 0;
        if (want != out[i]) return printf("%d: %g, not %g\n", i, out[i], want), 1;
    }
    double2 pairs[64], got[64], *dpairs, *dgot;
    for (int i = 0; i < 64; ++i) pairs[i] = make_double2(i, -i);
    CHECK(cudaMalloc(&dpairs, sizeof pairs));
    CHECK(cudaMalloc(&dgot, sizeof got));
    CHECK(cudaMemcpy(dpairs, pairs, sizeof pairs, cudaMemcpyHostToDevice));
    reversed<<<1, 64>>>(dpairs, dgot, 64);
    CHECK(cudaMemcpy(got, dgot, sizeof got, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 64; ++i)
        if (got[i].x != -i || got[i].y != 63 - i) return printf("pair %d\n", i), 1;
    CHECK(cudaFree(din)); CHECK(cudaFree(dout)); CHECK(cudaFree(dpairs)); CHECK(cudaFree(dgot));
    puts("right");
}
