// A node of the host that reads what a copy before it brings.
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

struct Sum {
    const int *from;
    long total;
};

void CUDART_CB add_up(void *data) {
    auto *sum = static_cast<Sum *>(data);
    for (int i = 0; i < kCount; ++i) sum->total += sum->from[i];
}

int main() {
    int *device, *host;
    CHECK(cudaMalloc(&device, kCount * sizeof(int)));
    CHECK(cudaMallocHost(&host, kCount * sizeof(int)));
    for (int i = 0; i < kCount; ++i) host[i] = 0;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaGraphNode_t kernel, copy, function;
    CHECK(cudaGraphCreate(&graph, 0));
    int value = 3;
    void *arguments[] = {&device, &value};
    const cudaKernelNodeParams fills = {(void *)fill, dim3(kCount / 128), dim3(128), 0, arguments, nullptr};
    CHECK(cudaGraphAddKernelNode(&kernel, graph, nullptr, 0, &fills));
    CHECK(cudaGraphAddMemcpyNode1D(&copy, graph, &kernel, 1, host, device, kCount * sizeof(int), cudaMemcpyDeviceToHost));
    Sum sum{host, 0};
    const cudaHostNodeParams adds = {add_up, &sum};
    CHECK(cudaGraphAddHostNode(&function, graph, &copy, 1, &adds));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, nullptr));
    CHECK(cudaDeviceSynchronize());
    std::printf("%ld\n", sum.total);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaFree(device));
    CHECK(cudaFreeHost(host));
}
