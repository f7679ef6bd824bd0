// Cooperative groups' collectives: reduce, scans, memcpy_async.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

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

namespace cg = cooperative_groups;

__global__ void collectives(const int *in, int *out, float *fout) {
    __shared__ int buffer[128];
    auto block = cg::this_thread_block();
    auto tile = cg::tiled_partition<16>(block);
    cg::memcpy_async(block, buffer, in + blockIdx.x * 128, sizeof(int) * 128);
    cg::wait(block);
    int v = buffer[block.thread_rank()];
    int sum = cg::reduce(tile, v, cg::plus<int>());
    int most = cg::reduce(tile, v, cg::greater<int>());
    int least = cg::reduce(tile, v, cg::less<int>());
    int inclusive = cg::inclusive_scan(tile, v, cg::plus<int>());
    int exclusive = cg::exclusive_scan(tile, v);
    float f = cg::reduce(tile, 0.5f * v, cg::plus<float>());
    int i = blockIdx.x * 128 + block.thread_rank();
    out[i * 5 + 0] = sum;
    out[i * 5 + 1] = most;
    out[i * 5 + 2] = least;
    out[i * 5 + 3] = inclusive;
    out[i * 5 + 4] = exclusive;
    fout[i] = f;
}

int main() {
    const int n = 256;
    std::vector<int> in(n), out(n * 5);
    std::vector<float> fout(n);
    for (int i = 0; i < n; ++i) in[i] = (i * 29) % 53 - 20;
    int *dIn, *dOut;
    float *dF;
    CHECK(cudaMalloc(&dIn, n * 4));
    CHECK(cudaMalloc(&dOut, n * 20));
    CHECK(cudaMalloc(&dF, n * 4));
    CHECK(cudaMemcpy(dIn, in.data(), n * 4, cudaMemcpyHostToDevice));
    collectives<<<2, 128>>>(dIn, dOut, dF);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dOut, n * 20, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(fout.data(), dF, n * 4, cudaMemcpyDeviceToHost));
    for (int base = 0; base < n; base += 16) {
        int sum = 0, most = -1000, least = 1000;
        for (int i = 0; i < 16; ++i) {
            int v = in[base + i];
            if (out[(base + i) * 5 + 4] != sum) return 1;
            sum += v;
            if (out[(base + i) * 5 + 3] != sum) return 2;
            most = v > most ? v : most, least = v < least ? v : least;
        }
        for (int i = 0; i < 16; ++i)
            if (out[(base + i) * 5] != sum || out[(base + i) * 5 + 1] != most || out[(base + i) * 5 + 2] != least || fout[base + i] != 0.5f * sum) return 3;
    }
    return 0;
}
