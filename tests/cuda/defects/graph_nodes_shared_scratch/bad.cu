// One child graph twice, side by side: both use the same scratch memory.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
constexpr int kCount = 512;

__global__ void square(const int *in, int *scratch) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    scratch[i] = in[i] * in[i];  // defect: race
}
__global__ void mirror(const int *scratch, int *out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = scratch[kCount - 1 - i];  // defect: race
}

int main() {
    int *in, *scratch, *out, got[kCount];
    for (int **p : {&in, &scratch, &out}) CHECK(cudaMalloc(p, kCount * sizeof(int)));
    for (int i = 0; i < kCount; ++i) got[i] = i;
    CHECK(cudaMemcpy(in, got, sizeof got, cudaMemcpyHostToDevice));
    cudaGraph_t child, graph;
    cudaGraphExec_t executable;
    cudaGraphNode_t first, second;
    CHECK(cudaGraphCreate(&child, 0));
    void *of_square[] = {&in, &scratch}, *of_mirror[] = {&scratch, &out};
    cudaKernelNodeParams kernel = {(void *)square, dim3(kCount / 128), dim3(128), 0, of_square, nullptr};
    CHECK(cudaGraphAddKernelNode(&first, child, nullptr, 0, &kernel));
    kernel.func = (void *)mirror;
    kernel.kernelParams = of_mirror;
    CHECK(cudaGraphAddKernelNode(&second, child, &first, 1, &kernel));
    CHECK(cudaGraphCreate(&graph, 0));
    CHECK(cudaGraphAddChildGraphNode(&first, graph, nullptr, 0, child));
    CHECK(cudaGraphAddChildGraphNode(&second, graph, nullptr, 0, child));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, nullptr));
    CHECK(cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaGraphDestroy(child));
    for (int *p : {in, scratch, out}) CHECK(cudaFree(p));
}
