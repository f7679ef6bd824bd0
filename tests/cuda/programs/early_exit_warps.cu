// Whole warps that return early, lanes that diverge and meet again, and the mask of those that are there.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void divergent(int *out, int n) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (warp >= n) return;
    int v;
    if (lane < 16) {
        unsigned mask = __activemask();
        v = __popc(mask) * 100 + __shfl_sync(mask, lane, 0);
    } else {
        unsigned mask = __ballot_sync(0xffff0000u, lane % 2);
        v = __popc(mask);
    }
    __syncwarp();
    switch (lane % 4) {
        case 0: v += 1000; break;
        case 1: v += 2000; break;
        default: v += 3000;
    }
    __syncwarp();
    v += __shfl_xor_sync(0xffffffff, v, 31) / 1000 * 10000;
    out[threadIdx.x] = v;
}

int main() {
    int *d, h[128];
    CHECK(cudaMalloc(&d, sizeof h));
    CHECK(cudaMemset(d, 0, sizeof h));
    divergent<<<1, 128>>>(d, 3);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 128; ++i) {
        int lane = i % 32, group[4] = {1000, 2000, 3000, 3000};
        int base = lane < 16 ? 1600 : 8, other = 31 - lane < 16 ? 1600 : 8;
        int want = i >= 96 ? 0 : base + group[lane % 4] + (other + group[(31 - lane) % 4]) / 1000 * 10000;
        if (h[i] != want) {
            printf("%d: %d, not %d\n", i, h[i], want);
            return 1;
        }
    }
    return 0;
}
