// The reductions of the well-known talk: by interleaved and sequential addressing, unrolled by templates, chosen by a switch.
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

__global__ void reduce0(const int *in, int *out, int n) {
    extern __shared__ int sdata[];
    unsigned tid = threadIdx.x, i = blockIdx.x * blockDim.x + threadIdx.x;
    sdata[tid] = i < n ? in[i] : 0;
    __syncthreads();
    for (unsigned s = 1; s < blockDim.x; s *= 2) {
        if (tid % (2 * s) == 0) sdata[tid] += sdata[tid + s];
        __syncthreads();
    }
    if (tid == 0) out[blockIdx.x] = sdata[0];
}

template <unsigned blockSize>
__global__ void reduce6(const int *in, int *out, unsigned n) {
    extern __shared__ int sdata[];
    unsigned tid = threadIdx.x, i = blockIdx.x * (blockSize * 2) + tid, gridSize = blockSize * 2 * gridDim.x;
    int sum = 0;
    while (i < n) {
        sum += in[i];
        if (i + blockSize < n) sum += in[i + blockSize];
        i += gridSize;
    }
    sdata[tid] = sum;
    __syncthreads();
    if (blockSize >= 512) { if (tid < 256) sdata[tid] = sum = sum + sdata[tid + 256]; __syncthreads(); }
    if (blockSize >= 256) { if (tid < 128) sdata[tid] = sum = sum + sdata[tid + 128]; __syncthreads(); }
    if (blockSize >= 128) { if (tid < 64) sdata[tid] = sum = sum + sdata[tid + 64]; __syncthreads(); }
    if (tid < 32) {
        if (blockSize >= 64) sum += sdata[tid + 32];
        for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffff, sum, offset);
    }
    if (tid == 0) out[blockIdx.x] = sum;
}

void launch(int threads, int blocks, const int *in, int *out, int n) {
    size_t smem = threads * sizeof(int);
    switch (threads) {
        case 512: reduce6<512><<<blocks, threads, smem>>>(in, out, n); break;
        case 256: reduce6<256><<<blocks, threads, smem>>>(in, out, n); break;
        case 128: reduce6<128><<<blocks, threads, smem>>>(in, out, n); break;
        default: reduce6<64><<<blocks, threads, smem>>>(in, out, n); break;
    }
}

int main() {
    const int n = 20011;
    std::vector<int> h(n), part(64);
    long want = 0;
    for (int i = 0; i < n; ++i) want += h[i] = i % 23 - 7;
    int *in, *out;
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, 1024 * sizeof(int)));
    CHECK(cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    for (int threads : {64, 128, 256, 512}) {
        launch(threads, 16, in, out, n);
        CHECK(cudaGetLastError());
        CHECK(cudaMemcpy(part.data(), out, 16 * sizeof(int), cudaMemcpyDeviceToHost));
        long sum = 0;
        for (int b = 0; b < 16; ++b) sum += part[b];
        if (sum != want) return 1;
    }
    int blocks = (n + 255) / 256;
    part.resize(blocks);
    reduce0<<<blocks, 256, 256 * sizeof(int)>>>(in, out, n);
    CHECK(cudaMemcpy(part.data(), out, blocks * sizeof(int), cudaMemcpyDeviceToHost));
    long sum = 0;
    for (int v : part) sum += v;
    return sum == want ? 0 : 2;
}
