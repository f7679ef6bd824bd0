// Votes, match and reduce; compaction by ballot.
// Arch: sm_80
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

__global__ void compact(const int *in, int n, int *out, int *count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int lane = threadIdx.x & 31;
    bool keep = i < n && (in[i] & 1);
    unsigned mask = __ballot_sync(0xffffffff, keep);
    int leader = __ffs(mask) - 1, base = 0;
    if (mask != 0 && lane == leader) base = atomicAdd(count, __popc(mask));
    if (mask != 0) base = __shfl_sync(0xffffffff, base, leader);
    if (keep) out[base + __popc(mask & ((1u << lane) - 1))] = in[i];
}

__global__ void votes(int *bad) {
    int lane = threadIdx.x;
    bool ok = __all_sync(~0u, lane < 32) && __any_sync(~0u, lane == 31) && !__any_sync(~0u, lane > 31) && __ballot_sync(~0u, lane < 4) == 0xf;
    ok = ok && __match_any_sync(~0u, lane / 8) == 0xffu << (lane / 8 * 8);
    int same;
    unsigned all = __match_all_sync(~0u, 42, &same);
    ok = ok && all == ~0u && same;
    all = __match_all_sync(~0u, lane, &same);
    ok = ok && all == 0 && !same;
    ok = ok && __reduce_add_sync(~0u, lane) == 496 && __reduce_max_sync(~0u, lane) == 31 && __reduce_min_sync(~0u, lane - 5) == -5;
    ok = ok && __reduce_or_sync(~0u, 1u << lane) == ~0u && __reduce_and_sync(~0u, 8u | lane) == 8 && __reduce_xor_sync(~0u, 1u) == 0;
    if (lane < 16) {
        int v = __shfl_up_sync(0xffff, lane, 1, 8);
        ok = ok && v == (lane % 8 ? lane - 1 : lane);
        __syncwarp(0xffff);
    } else {
        double w = __shfl_sync(0xffff0000, lane * 0.5, 20);
        ok = ok && w == 10.0;
        long long x = __shfl_xor_sync(0xffff0000, (long long)lane << 40, 3, 4);
        ok = ok && x == (long long)(lane ^ 3) << 40;
    }
    __syncwarp();
    ok = ok && __shfl_sync(~0u, lane, 35) == 3 && __shfl_down_sync(~0u, lane, 40 % 32) == (lane + 8 < 32 ? lane + 8 : lane);
    if (!ok) atomicAdd(bad, 1);
}

__global__ void blockVotes(int *out) {
    int a = __syncthreads_count(threadIdx.x % 3 == 0);
    int b = __syncthreads_and(threadIdx.x < 200);
    int c = __syncthreads_or(threadIdx.x == 199);
    if (threadIdx.x == 5) out[0] = a, out[1] = b != 0, out[2] = c != 0;
}

int main() {
    const int n = 1000;
    std::vector<int> h(n);
    for (int i = 0; i < n; ++i) h[i] = (i * 7) % 31;
    int *in, *out, *count, found, want = 0, three[3];
    for (int v : h) want += v & 1;
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    CHECK(cudaMalloc(&count, sizeof(int)));
    CHECK(cudaMemset(count, 0, sizeof(int)));
    CHECK(cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    compact<<<4, 256>>>(in, n, out, count);
    CHECK(cudaMemcpy(&found, count, sizeof(int), cudaMemcpyDeviceToHost));
    if (found != want) return 1;
    CHECK(cudaMemcpy(h.data(), out, found * sizeof(int), cudaMemcpyDeviceToHost));
    for (int i = 0; i < found; ++i)
        if (!(h[i] & 1)) return 2;
    CHECK(cudaMemset(count, 0, sizeof(int)));
    votes<<<1, 32>>>(count);
    CHECK(cudaMemcpy(&found, count, sizeof(int), cudaMemcpyDeviceToHost));
    if (found) return 3;
    blockVotes<<<1, 200>>>(out);
    CHECK(cudaMemcpy(three, out, sizeof three, cudaMemcpyDeviceToHost));
    return three[0] == 67 && three[1] && three[2] ? 0 : 4;
}
