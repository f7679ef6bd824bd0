// Breadth-first search by levels, with queues filled through atomics.
#include <cstdio>
#include <cstdlib>
#include <queue>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void expand(const int *offsets, const int *edges, int *depth, const int *frontier, int size, int *next, int *nextSize, int level) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= size) return;
    int u = frontier[i];
    for (int e = offsets[u]; e < offsets[u + 1]; ++e) {
        int v = edges[e];
        if (atomicCAS(&depth[v], -1, level) == -1) next[atomicAdd(nextSize, 1)] = v;
    }
}

int main() {
    const int n = 2000;
    std::vector<int> offsets{0}, edges;
    for (int u = 0; u < n; ++u) {
        for (int v : {(u * 2 + 1) % n, (u * 3 + 7) % n, (u + 1) % n}) edges.push_back(v);
        offsets.push_back((int)edges.size());
    }
    std::vector<int> want(n, -1), got(n, -1);
    std::queue<int> q;
    q.push(0), want[0] = 0;
    while (!q.empty()) {
        int u = q.front();
        q.pop();
        for (int e = offsets[u]; e < offsets[u + 1]; ++e)
            if (want[edges[e]] < 0) want[edges[e]] = want[u] + 1, q.push(edges[e]);
    }
    int *dOff, *dEdges, *dDepth, *a, *b, *dSize;
    CHECK(cudaMalloc(&dOff, offsets.size() * 4));
    CHECK(cudaMalloc(&dEdges, edges.size() * 4));
    CHECK(cudaMalloc(&dDepth, n * 4));
    CHECK(cudaMalloc(&a, n * 4));
    CHECK(cudaMalloc(&b, n * 4));
    CHECK(cudaMalloc(&dSize, 4));
    CHECK(cudaMemcpy(dOff, offsets.data(), offsets.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dEdges, edges.data(), edges.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dDepth, 0xff, n * 4));
    CHECK(cudaMemset(dDepth, 0, 4));
    CHECK(cudaMemset(a, 0, 4));
    int size = 1;
    for (int level = 1; size > 0; ++level) {
        CHECK(cudaMemset(dSize, 0, 4));
        expand<<<(size + 127) / 128, 128>>>(dOff, dEdges, dDepth, a, size, b, dSize, level);
        CHECK(cudaMemcpy(&size, dSize, 4, cudaMemcpyDeviceToHost));
        std::swap(a, b);
    }
    CHECK(cudaMemcpy(got.data(), dDepth, n * 4, cudaMemcpyDeviceToHost));
    return got == want ? 0 : 1;
}
