// A diamond of nodes: the sum runs after both of its inputs.
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

__global__ void fill(int *data, int value) { data[blockIdx.x * blockDim.x + threadIdx.x] = value; }

__global__ void sum(const int *a, const int *b, int *to) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    to[i] = a[i] + b[i];
}

int main() {
    int *a, *b, *c, got[kCount];
    for (int **p : {&a, &b, &c}) CHECK(cudaMalloc(p, kCount * sizeof(int)));
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaGraphNode_t left, right, join;
    CHECK(cudaGraphCreate(&graph, 0));
    int one = 1, two = 2;
    void *of_left[] = {&a, &one}, *of_right[] = {&b, &two}, *of_sum[] = {&a, &b, &c};
    cudaKernelNodeParams kernel = {(void *)fill, dim3(kCount / 128), dim3(128), 0, of_left, nullptr};
    CHECK(cudaGraphAddKernelNode(&left, graph, nullptr, 0, &kernel));
    kernel.kernelParams = of_right;
    CHECK(cudaGraphAddKernelNode(&right, graph, nullptr, 0, &kernel));
    kernel.func = (void *)sum;
    kernel.kernelParams = of_sum;
    const cudaGraphNode_t before[] = {left, right};
    CHECK(cudaGraphAddKernelNode(&join, graph, before, 2, &kernel));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, nullptr));
    CHECK(cudaMemcpy(got, c, sizeof got, cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    for (int *p : {a, b, c}) CHECK(cudaFree(p));
}
