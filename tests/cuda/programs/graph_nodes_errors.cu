// What graphs refuse: handles that are none, nodes of another graph, parameters that no launch, copy or fill could have.
#include <cstdio>

__global__ void touch(int *data) { data[threadIdx.x] = 1; }

// A call that must fail in one way.
#define EXPECT(call, error)                                                                                \
    do {                                                                                                   \
        const cudaError_t status = (call);                                                                 \
        if (status != (error)) {                                                                           \
            std::fprintf(stderr, "line %d: %s, not %s\n", __LINE__, cudaGetErrorName(status), cudaGetErrorName(error)); \
            return 1;                                                                                      \
        }                                                                                                  \
    } while (0)
#define CHECK(call) EXPECT(call, cudaSuccess)
#define REFUSED(call) EXPECT(call, cudaErrorInvalidValue)

int main() {
    int *data, there[8];
    CHECK(cudaMalloc(&data, 8 * sizeof(int)));
    cudaGraph_t graph, other;
    cudaGraphExec_t executable;
    REFUSED(cudaGraphCreate(&graph, 1));
    CHECK(cudaGraphCreate(&graph, 0));
    CHECK(cudaGraphCreate(&other, 0));
    cudaGraphNode_t a, b, foreign, none;
    CHECK(cudaGraphAddEmptyNode(&a, graph, nullptr, 0));
    CHECK(cudaGraphAddEmptyNode(&b, graph, &a, 1));
    CHECK(cudaGraphAddEmptyNode(&foreign, other, nullptr, 0));

    const cudaGraphNode_t twice[] = {a, a};
    REFUSED(cudaGraphAddEmptyNode(&none, graph, twice, 2));
    REFUSED(cudaGraphAddEmptyNode(&none, graph, &foreign, 1));
    REFUSED(cudaGraphAddEmptyNode(&none, graph, nullptr, 1));
    REFUSED(cudaGraphAddEmptyNode(nullptr, graph, nullptr, 0));
    REFUSED(cudaGraphAddEmptyNode(&none, nullptr, nullptr, 0));
    REFUSED(cudaGraphAddDependencies(graph, &a, &foreign, nullptr, 1));

    void *arguments[] = {&data};
    cudaKernelNodeParams kernel = {(void *)touch, dim3(1), dim3(8), 0, arguments, nullptr};
    kernel.blockDim = dim3(2048);
    REFUSED(cudaGraphAddKernelNode(&none, graph, nullptr, 0, &kernel));
    kernel.blockDim = dim3(8);
    kernel.gridDim = dim3(0);
    REFUSED(cudaGraphAddKernelNode(&none, graph, nullptr, 0, &kernel));
    kernel.gridDim = dim3(1);
    kernel.func = nullptr;
    EXPECT(cudaGraphAddKernelNode(&none, graph, nullptr, 0, &kernel), cudaErrorInvalidDeviceFunction);
    kernel.func = (void *)touch;
    REFUSED(cudaGraphAddKernelNode(&none, graph, nullptr, 0, nullptr));
    cudaMemsetParams fill = {data, 0, 1, 3, 2, 1};   // no element has 3 bytes
    REFUSED(cudaGraphAddMemsetNode(&none, graph, nullptr, 0, &fill));
    fill.elementSize = 4;
    cudaHostNodeParams host = {nullptr, nullptr};
    REFUSED(cudaGraphAddHostNode(&none, graph, nullptr, 0, &host));
    REFUSED(cudaGraphAddMemcpyNode1D(&none, graph, nullptr, 0, nullptr, there, sizeof there, cudaMemcpyHostToDevice));

    // Nothing of that came into the graph.
    size_t count = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &count));
    if (count != 2) return 2;
    CHECK(cudaGraphAddKernelNode(&none, graph, &b, 1, &kernel));
    REFUSED(cudaGraphMemsetNodeSetParams(none, &fill));
    cudaMemcpy3DParms copy;
    REFUSED(cudaGraphMemcpyNodeGetParams(none, &copy));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    REFUSED(cudaGraphExecKernelNodeSetParams(executable, foreign, &kernel));
    CHECK(cudaGraphDestroy(other));
    CHECK(cudaGraphLaunch(executable, nullptr));
    CHECK(cudaMemcpy(there, data, sizeof there, cudaMemcpyDeviceToHost));
    for (int value : there)
        if (value != 1) return 3;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaFree(data));
    cudaGetLastError();
}
