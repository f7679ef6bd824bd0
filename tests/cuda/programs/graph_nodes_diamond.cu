// A diamond of nodes and what it answers about its edges; edges against the order in which nodes were added; nodes taken away;
// a cycle; and a wide layer of nodes that nothing orders.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        const cudaError_t status = (call);                                                   \
        if (status != cudaSuccess) {                                                         \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

__global__ void affine(const int *from, int *to, int n, int factor, int more) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = from[i] * factor + more;
}

__global__ void sum(const int *a, const int *b, int *to, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = a[i] + b[i];
}

constexpr int kCount = 200, kWide = 9;

cudaGraphNode_t add_affine(cudaGraph_t graph, const int *from, int *to, int factor, int more) {
    int n = kCount;
    void *arguments[] = {&from, &to, &n, &factor, &more};
    const cudaKernelNodeParams kernel = {(void *)affine, dim3(4), dim3(64), 0, arguments, nullptr};
    cudaGraphNode_t node;
    CHECK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &kernel));
    return node;
}

cudaGraphNode_t add_sum(cudaGraph_t graph, const int *a, const int *b, int *to) {
    int n = kCount;
    void *arguments[] = {&a, &b, &to, &n};
    const cudaKernelNodeParams kernel = {(void *)sum, dim3(4), dim3(64), 0, arguments, nullptr};
    cudaGraphNode_t node;
    CHECK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &kernel));
    return node;
}

int main() {
    int *a, *b, *c, *d, *wide, *got;
    for (int **p : {&a, &b, &c, &d}) CHECK(cudaMalloc(p, kCount * sizeof(int)));
    CHECK(cudaMalloc(&wide, kWide * kCount * sizeof(int)));
    CHECK(cudaMallocHost(&got, kWide * kCount * sizeof(int)));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));

    // The end is added first: only the edges say what comes when.
    cudaGraph_t graph;
    CHECK(cudaGraphCreate(&graph, 0));
    cudaGraphNode_t out, start;
    CHECK(cudaGraphAddMemcpyNode1D(&out, graph, nullptr, 0, got, d, kCount * sizeof(int), cudaMemcpyDeviceToHost));
    const cudaGraphNode_t bottom = add_sum(graph, b, c, d);
    const cudaGraphNode_t left = add_affine(graph, a, b, 2, 0), right = add_affine(graph, a, c, 10, 1);
    const cudaMemsetParams fill = {a, 0, 3, 4, kCount, 1};
    CHECK(cudaGraphAddMemsetNode(&start, graph, nullptr, 0, &fill));
    const cudaGraphNode_t from[] = {bottom, left, right, start, start}, to[] = {out, bottom, bottom, left, right};
    CHECK(cudaGraphAddDependencies(graph, from, to, nullptr, 5));
    if (cudaGraphAddDependencies(graph, from, to, nullptr, 1) != cudaErrorInvalidValue) return 2;   // it is there already

    cudaGraphNode_t nodes[8], ends[8];
    size_t count = 8;
    CHECK(cudaGraphGetNodes(graph, nodes, &count));
    if (count != 5 || nodes[5] || nodes[7]) return 3;
    count = 8;
    CHECK(cudaGraphGetRootNodes(graph, nodes, &count));
    if (count != 1 || nodes[0] != start) return 4;
    cudaGraphEdgeData data[8];
    count = 8;
    CHECK(cudaGraphGetEdges(graph, nodes, ends, data, &count));
    if (count != 5) return 5;
    for (size_t i = 0; i < count; ++i) {
        bool known = false;
        for (int j = 0; j < 5; ++j) known |= nodes[i] == from[j] && ends[i] == to[j];
        if (!known || data[i].from_port || data[i].type) return 6;
    }
    count = 0;
    CHECK(cudaGraphNodeGetDependencies(bottom, nullptr, nullptr, &count));
    if (count != 2) return 7;
    CHECK(cudaGraphNodeGetDependencies(bottom, nodes, nullptr, &count));
    if (!(nodes[0] == left && nodes[1] == right) && !(nodes[0] == right && nodes[1] == left)) return 8;
    count = 1;
    CHECK(cudaGraphNodeGetDependentNodes(left, nodes, nullptr, &count));
    if (count != 1 || nodes[0] != bottom) return 9;

    cudaGraphExec_t executable;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (int turn = 0; turn < 3; ++turn) {
        for (int i = 0; i < kCount; ++i) got[i] = -1;
        CHECK(cudaGraphLaunch(executable, stream));
        CHECK(cudaStreamSynchronize(stream));
        for (int i = 0; i < kCount; ++i)
            if (got[i] != 37) return 10;
    }
    CHECK(cudaGraphExecDestroy(executable));

    // A cycle is no graph that could be launched.
    CHECK(cudaGraphAddDependencies(graph, &out, &start, nullptr, 1));
    if (cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess) return 11;
    cudaGetLastError();
    CHECK(cudaGraphRemoveDependencies(graph, &out, &start, nullptr, 1));
    if (cudaGraphRemoveDependencies(graph, &out, &start, nullptr, 1) != cudaErrorInvalidValue) return 12;

    // A node goes, and its edges with it; what it did is then done by another one.
    CHECK(cudaGraphDestroyNode(right));
    CHECK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count));
    if (count != 3) return 13;
    cudaGraphNode_t other;
    const cudaMemsetParams fifty = {c, 0, 50, 4, kCount, 1};
    CHECK(cudaGraphAddMemsetNode(&other, graph, nullptr, 0, &fifty));
    CHECK(cudaGraphAddDependencies(graph, &other, &bottom, nullptr, 1));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < kCount; ++i)
        if (got[i] != 56) return 14;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));

    // Many nodes side by side, joined by an empty one.
    CHECK(cudaGraphCreate(&graph, 0));
    CHECK(cudaGraphAddMemsetNode(&start, graph, nullptr, 0, &fill));
    cudaGraphNode_t layer[kWide], join;
    for (int i = 0; i < kWide; ++i) {
        layer[i] = add_affine(graph, a, wide + i * kCount, i, 5);
        CHECK(cudaGraphAddDependencies(graph, &start, &layer[i], nullptr, 1));
    }
    CHECK(cudaGraphAddEmptyNode(&join, graph, layer, kWide));
    CHECK(cudaGraphAddMemcpyNode1D(&out, graph, &join, 1, got, wide, kWide * kCount * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (int turn = 0; turn < 4; ++turn) CHECK(cudaGraphLaunch(executable, turn % 2 ? stream : nullptr));
    CHECK(cudaDeviceSynchronize());
    for (int i = 0; i < kWide * kCount; ++i)
        if (got[i] != 3 * (i / kCount) + 5) return 15;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaStreamDestroy(stream));
    for (int *p : {a, b, c, d, wide}) CHECK(cudaFree(p));
    CHECK(cudaFreeHost(got));
}
