// A node of the host changes managed memory before a kernel reads that.
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
constexpr int kCount = 256;

__global__ void copy(const int *in, int *out) { out[threadIdx.x] = in[threadIdx.x]; }

void CUDART_CB advance(void *data) {
    int *place = static_cast<int *>(data);
    for (int i = 0; i < kCount; ++i) place[i] = i + 1;
}

int main() {
    int *in, *out;
    CHECK(cudaMallocManaged(&in, kCount * sizeof(int)));
    CHECK(cudaMallocManaged(&out, kCount * sizeof(int)));
    for (int i = 0; i < kCount; ++i) in[i] = i;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaGraphNode_t host, kernel;
    CHECK(cudaGraphCreate(&graph, 0));
    const cudaHostNodeParams advances = {advance, in};
    CHECK(cudaGraphAddHostNode(&host, graph, nullptr, 0, &advances));
    void *arguments[] = {&in, &out};
    const cudaKernelNodeParams copies = {(void *)copy, dim3(1), dim3(kCount), 0, arguments, nullptr};
    CHECK(cudaGraphAddKernelNode(&kernel, graph, &host, 1, &copies));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, nullptr));
    CHECK(cudaDeviceSynchronize());
    std::printf("%d\n", out[0]);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaFree(in));
    CHECK(cudaFree(out));
}
