// Radix sort by one bit at a time: scan of flags, scatter.
#include <algorithm>
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

__global__ void sortBlock(unsigned *keys) {
    __shared__ unsigned k[256];
    __shared__ int scan[2][256];
    int t = threadIdx.x;
    k[t] = keys[blockIdx.x * 256 + t];
    for (int bit = 0; bit < 32; ++bit) {
        __syncthreads();
        unsigned key = k[t];
        int zero = !((key >> bit) & 1), in = 0;
        scan[0][t] = zero;
        __syncthreads();
        for (int d = 1; d < 256; d *= 2) {
            scan[1 - in][t] = scan[in][t] + (t >= d ? scan[in][t - d] : 0);
            in = 1 - in;
            __syncthreads();
        }
        int zeros = scan[in][255], before = scan[in][t] - zero;
        k[zero ? before : zeros + t - before] = key;
    }
    __syncthreads();
    keys[blockIdx.x * 256 + t] = k[t];
}

__global__ void mergeRanks(const unsigned *in, unsigned *out, int run, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int pair = i / (2 * run) * 2 * run, mine = i - pair;
    bool left = mine < run;
    int lo = left ? pair + run : pair, hi = min(lo + run, n), begin = lo;
    unsigned key = in[i];
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (left ? in[mid] < key : in[mid] <= key) lo = mid + 1;
        else hi = mid;
    }
    out[pair + (left ? mine : mine - run) + (lo - begin)] = key;
}

int main() {
    const int n = 2048;
    std::vector<unsigned> h(n), want;
    unsigned x = 1;
    for (auto &v : h) v = (x = x * 1103515245u + 12345u) ^ (x >> 7);
    want = h;
    std::sort(want.begin(), want.end());
    unsigned *a, *b;
    CHECK(cudaMalloc(&a, n * sizeof(unsigned)));
    CHECK(cudaMalloc(&b, n * sizeof(unsigned)));
    CHECK(cudaMemcpy(a, h.data(), n * sizeof(unsigned), cudaMemcpyHostToDevice));
    sortBlock<<<n / 256, 256>>>(a);
    for (int run = 256; run < n; run *= 2) {
        mergeRanks<<<n / 128, 128>>>(a, b, run, n);
        std::swap(a, b);
    }
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(h.data(), a, n * sizeof(unsigned), cudaMemcpyDeviceToHost));
    return h == want ? 0 : 1;
}
