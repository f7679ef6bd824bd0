// Two warps bring data into shared memory, two use it: split arrive/wait barriers for "full" and "free", two buffers.
// Arch: sm_80
#include <cuda_awbarrier.h>
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


using nvcuda::experimental::awbarrier;
constexpr int HALF = 64, ROUNDS = 6;

__global__ void sums(const int *in, int *out) {
    __shared__ int buffer[2][HALF];
    __shared__ awbarrier full[2], unused[2];
    if (threadIdx.x < 2) {
        init(&full[threadIdx.x], 2 * HALF);
        init(&unused[threadIdx.x], 2 * HALF);
    }
    __syncthreads();
    const bool producer = threadIdx.x < HALF;
    const int i = threadIdx.x % HALF;
    if (producer) {
        nvcuda::experimental::pipeline pipe;
        for (int round = 0; round < ROUNDS; ++round) {
            unused[round % 2].arrive_and_wait();
            nvcuda::experimental::memcpy_async(buffer[round % 2][i], in[(blockIdx.x * ROUNDS + round) * HALF + i], pipe);
            pipe.arrive_on(full[round % 2]);
            full[round % 2].arrive();
        }
    } else {
        unused[0].arrive();
        unused[1].arrive();
        int sum = 0;
        for (int round = 0; round < ROUNDS; ++round) {
            awbarrier::arrival_token token = full[round % 2].arrive();
            full[round % 2].wait(token);
            sum += buffer[round % 2][HALF - 1 - i] * (round + 1);
            if (round + 2 < ROUNDS) unused[round % 2].arrive();
        }
        out[blockIdx.x * HALF + i] = sum;
    }
}

// The primitives: everybody arrives, some leave for good.
__global__ void primitives(int *out) {
    __shared__ __mbarrier_t barrier;
    __shared__ int values[128];
    if (threadIdx.x == 0) __mbarrier_init(&barrier, blockDim.x);
    __syncthreads();
    values[threadIdx.x] = threadIdx.x;
    if (threadIdx.x >= 96) {
        __mbarrier_arrive_and_drop(&barrier);
        return;
    }
    __mbarrier_token_t token = __mbarrier_arrive(&barrier);
    while (!__mbarrier_test_wait(&barrier, token)) continue;
    const int other = values[127 - threadIdx.x];
    token = __mbarrier_arrive(&barrier);   // of 96 threads
    while (!__mbarrier_try_wait(&barrier, token, 100)) continue;
    values[127 - threadIdx.x] = other + 1;
    __mbarrier_arrive(&barrier);
    while (!__mbarrier_test_wait_parity(&barrier, false)) continue;   // the third phase is an even one
    out[threadIdx.x] = values[127 - threadIdx.x];
}

int main() {
    const int blocks = 3;
    std::vector<int> in(blocks * ROUNDS * HALF), out(blocks * HALF), all(96);
    for (size_t i = 0; i < in.size(); ++i) in[i] = (int)(i * i % 101);
    int *din, *dout, *dall;
    CHECK(cudaMalloc(&din, in.size() * sizeof(int)));
    CHECK(cudaMalloc(&dout, out.size() * sizeof(int)));
    CHECK(cudaMalloc(&dall, all.size() * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), in.size() * sizeof(int), cudaMemcpyHostToDevice));
    sums<<<blocks, 2 * HALF>>>(din, dout);
    primitives<<<1, 128>>>(dall);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, out.size() * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(all.data(), dall, all.size() * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(din)); CHECK(cudaFree(dout)); CHECK(cudaFree(dall));
    for (int b = 0; b < blocks; ++b)
        for (int i = 0; i < HALF; ++i) {
            int want = 0;
            for (int r = 0; r < ROUNDS; ++r) want += in[(b * ROUNDS + r) * HALF + HALF - 1 - i] * (r + 1);
            if (want != out[b * HALF + i]) return printf("%d %d: %d, not %d\n", b, i, out[b * HALF + i], want), 1;
        }
    for (int i = 0; i < 96; ++i)
        if (all[i] != 128 - i) return printf("%d: %d\n", i, all[i]), 1;
    puts("right");
}
