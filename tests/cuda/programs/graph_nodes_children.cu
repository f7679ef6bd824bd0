// Graphs within graphs: a child graph twice in one parent, changed and destroyed afterwards; a child within a child; a graph
// launched into a stream that is being captured; clones and how their nodes are found.
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

__global__ void add(int *data, int n, int more) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] += more;
}
__global__ void scale(int *data, int n, int factor) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= factor;
}

constexpr int kCount = 130;

cudaGraphNode_t add_kernel(cudaGraph_t graph, const cudaGraphNode_t *after, void (*kernel)(int *, int, int), int *data, int value) {
    int n = kCount;
    void *arguments[] = {&data, &n, &value};
    const cudaKernelNodeParams parameters = {(void *)kernel, dim3(3), dim3(64), 0, arguments, nullptr};
    cudaGraphNode_t node;
    CHECK(cudaGraphAddKernelNode(&node, graph, after, after ? 1 : 0, &parameters));
    return node;
}

void set_value(cudaGraphExec_t executable, cudaGraphNode_t node, void (*kernel)(int *, int, int), int *data, int value) {
    int n = kCount;
    void *arguments[] = {&data, &n, &value};
    const cudaKernelNodeParams parameters = {(void *)kernel, dim3(3), dim3(64), 0, arguments, nullptr};
    CHECK(cudaGraphExecKernelNodeSetParams(executable, node, &parameters));
}

bool all(const int *device, int value) {
    int got[kCount];
    CHECK(cudaMemcpy(got, device, sizeof got, cudaMemcpyDeviceToHost));
    for (int i = 0; i < kCount; ++i)
        if (got[i] != value) return std::fprintf(stderr, "%d is %d, not %d\n", i, got[i], value), false;
    return true;
}

int main() {
    int *data;
    CHECK(cudaMalloc(&data, kCount * sizeof(int)));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));

    // x -> (x + 1) * 3
    cudaGraph_t inner;
    CHECK(cudaGraphCreate(&inner, 0));
    const cudaGraphNode_t plus = add_kernel(inner, nullptr, add, data, 1);
    const cudaGraphNode_t times = add_kernel(inner, &plus, scale, data, 3);

    cudaGraph_t outer;
    CHECK(cudaGraphCreate(&outer, 0));
    cudaGraphNode_t zero, first, second;
    const cudaMemsetParams fill = {data, 0, 0, 1, kCount * sizeof(int), 1};
    CHECK(cudaGraphAddMemsetNode(&zero, outer, nullptr, 0, &fill));
    CHECK(cudaGraphAddChildGraphNode(&first, outer, &zero, 1, inner));
    const cudaGraphNode_t between = add_kernel(outer, &first, add, data, 100);
    CHECK(cudaGraphAddChildGraphNode(&second, outer, &between, 1, inner));
    // What is done to the graph now does not reach the copies within the parent.
    CHECK(cudaGraphDestroyNode(times));
    cudaGraph_t copy;
    CHECK(cudaGraphChildGraphNodeGetGraph(first, &copy));
    size_t count = 0;
    CHECK(cudaGraphGetNodes(copy, nullptr, &count));
    if (copy == inner || count != 2) return 2;
    CHECK(cudaGraphDestroy(inner));
    if (cudaGraphDestroy(copy) != cudaErrorInvalidValue) return 3;   // it is the node's
    cudaGetLastError();
    CHECK(cudaGraphGetNodes(outer, nullptr, &count));
    if (count != 4) return 4;

    cudaGraphExec_t executable;
    CHECK(cudaGraphInstantiate(&executable, outer, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (!all(data, ((0 + 1) * 3 + 100 + 1) * 3)) return 5;

    // A node of a child graph, in the executable graph.
    cudaGraphNode_t nodes[2];
    count = 2;
    CHECK(cudaGraphGetRootNodes(copy, nodes, &count));
    set_value(executable, nodes[0], add, data, 7);
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (!all(data, (7 * 3 + 100 + 1) * 3)) return 6;
    // All of a child graph at once: one of the same shape.
    cudaGraph_t like, unlike;
    CHECK(cudaGraphCreate(&like, 0));
    CHECK(cudaGraphCreate(&unlike, 0));
    const cudaGraphNode_t five = add_kernel(like, nullptr, add, data, 5);
    add_kernel(like, &five, scale, data, 2);
    add_kernel(unlike, nullptr, add, data, 5);
    CHECK(cudaGraphExecChildGraphNodeSetParams(executable, second, like));
    if (cudaGraphExecChildGraphNodeSetParams(executable, second, unlike) == cudaSuccess) return 12;
    cudaGetLastError();
    CHECK(cudaGraphDestroy(like));
    CHECK(cudaGraphDestroy(unlike));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (!all(data, (7 * 3 + 100 + 5) * 2)) return 13;
    CHECK(cudaGraphExecDestroy(executable));

    // A clone keeps its own children, and knows whose clones its nodes are.
    cudaGraph_t clone;
    CHECK(cudaGraphClone(&clone, outer));
    cudaGraphNode_t found, not_there = nullptr;
    CHECK(cudaGraphNodeFindInClone(&found, between, clone));
    cudaGraphNodeType type;
    CHECK(cudaGraphNodeGetType(found, &type));
    if (type != cudaGraphNodeTypeKernel || found == between) return 7;
    if (cudaGraphNodeFindInClone(&not_there, found, outer) != cudaErrorInvalidValue) return 8;
    cudaGetLastError();
    CHECK(cudaGraphDestroy(outer));

    // A child within a child, beside an edge around it.
    CHECK(cudaGraphCreate(&outer, 0));
    CHECK(cudaGraphAddChildGraphNode(&first, outer, nullptr, 0, clone));
    CHECK(cudaGraphDestroy(clone));
    const cudaGraphNode_t last = add_kernel(outer, &first, scale, data, -1);
    CHECK(cudaGraphInstantiate(&executable, outer, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (!all(data, -((0 + 1) * 3 + 100 + 1) * 3)) return 9;

    // The same, launched into a capture.
    cudaGraph_t captured;
    cudaGraphExec_t of_captured;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaGraphLaunch(executable, stream));
    add<<<3, 64, 0, stream>>>(data, kCount, 12);
    CHECK(cudaStreamEndCapture(stream, &captured));
    set_value(executable, last, scale, data, 1000);
    CHECK(cudaGraphExecDestroy(executable));
    count = 2;
    CHECK(cudaGraphGetRootNodes(captured, nodes, &count));
    CHECK(cudaGraphNodeGetType(nodes[0], &type));
    if (count != 1 || type != cudaGraphNodeTypeGraph) return 10;
    CHECK(cudaGraphInstantiate(&of_captured, captured, 0));
    CHECK(cudaGraphLaunch(of_captured, nullptr));
    CHECK(cudaDeviceSynchronize());
    if (!all(data, 12 - ((0 + 1) * 3 + 100 + 1) * 3)) return 11;
    CHECK(cudaGraphExecDestroy(of_captured));
    CHECK(cudaGraphDestroy(captured));
    CHECK(cudaGraphDestroy(outer));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(data));
}
