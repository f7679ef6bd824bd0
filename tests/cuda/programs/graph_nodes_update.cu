// Parameters of nodes, read and changed: in the graph before it is instantiated, in the executable graph between launches,
// and all at once from another graph; nodes that are left out.
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

struct alignas(32) Line {
    double factor;
    short offset;
};

__global__ void apply(int *data, Line line, int n, char scale) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] = int(data[i] * line.factor) * scale + line.offset;
}

__global__ void negate(int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] = -data[i];
}

void CUDART_CB count(void *data) { ++*static_cast<int *>(data); }

constexpr int kCount = 300;

struct Built {
    cudaGraph_t graph;
    cudaGraphNode_t fill, kernel, copy, host;
};

Built build(int *device, int *to, int value, Line line, char scale, int *counter) {
    Built b;
    CHECK(cudaGraphCreate(&b.graph, 0));
    const cudaMemsetParams fill = {device, 0, unsigned(value), 4, kCount, 1};
    CHECK(cudaGraphAddMemsetNode(&b.fill, b.graph, nullptr, 0, &fill));
    int n = kCount;
    void *arguments[] = {&device, &line, &n, &scale};
    const cudaKernelNodeParams kernel = {(void *)apply, dim3((kCount + 63) / 64), dim3(64), 0, arguments, nullptr};
    CHECK(cudaGraphAddKernelNode(&b.kernel, b.graph, &b.fill, 1, &kernel));
    CHECK(cudaGraphAddMemcpyNode1D(&b.copy, b.graph, &b.kernel, 1, to, device, kCount * sizeof(int), cudaMemcpyDeviceToHost));
    const cudaHostNodeParams host = {count, counter};
    CHECK(cudaGraphAddHostNode(&b.host, b.graph, &b.copy, 1, &host));
    return b;
}

void expect(const int *got, int value, int line) {
    for (int i = 0; i < kCount; ++i)
        if (got[i] != value) {
            std::fprintf(stderr, "line %d: %d is %d, not %d\n", line, i, got[i], value);
            std::exit(2);
        }
}
#define EXPECT(got, value) expect(got, value, __LINE__)

int main() {
    int *device, *one, *two, calls[2] = {};
    CHECK(cudaMalloc(&device, kCount * sizeof(int)));
    CHECK(cudaMallocHost(&one, kCount * sizeof(int)));
    CHECK(cudaMallocHost(&two, kCount * sizeof(int)));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    Built b = build(device, one, 10, {1.5, 7}, 2, &calls[0]);

    // What was added is answered.
    cudaKernelNodeParams kernel;
    CHECK(cudaGraphKernelNodeGetParams(b.kernel, &kernel));
    if (kernel.func != (void *)apply || kernel.gridDim.x != 5 || kernel.blockDim.x != 64 || *static_cast<int *>(kernel.kernelParams[2]) != kCount ||
        static_cast<Line *>(kernel.kernelParams[1])->factor != 1.5 || *static_cast<char *>(kernel.kernelParams[3]) != 2)
        return 3;
    cudaMemsetParams fill;
    CHECK(cudaGraphMemsetNodeGetParams(b.fill, &fill));
    if (fill.dst != device || fill.value != 10 || fill.elementSize != 4 || fill.width != kCount || fill.height != 1) return 4;

    cudaGraphExec_t executable;
    CHECK(cudaGraphInstantiate(&executable, b.graph, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(one, 37);

    // One parameter of the kernel, in the executable graph only.
    Line other{2, -1};
    void *arguments[4];
    for (int i = 0; i < 4; ++i) arguments[i] = kernel.kernelParams[i];
    arguments[1] = &other;
    kernel.kernelParams = arguments;
    CHECK(cudaGraphExecKernelNodeSetParams(executable, b.kernel, &kernel));
    other = {100, 100};
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(one, 39);
    cudaGraphExec_t second;
    CHECK(cudaGraphInstantiate(&second, b.graph, 0));
    CHECK(cudaGraphLaunch(second, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(one, 37);

    // The fill, the copy and the host's function; the kernel becomes another one.
    fill.value = 5;
    CHECK(cudaGraphExecMemsetNodeSetParams(executable, b.fill, &fill));
    CHECK(cudaGraphExecMemcpyNodeSetParams1D(executable, b.copy, two, device, kCount * sizeof(int), cudaMemcpyDeviceToHost));
    const cudaHostNodeParams host = {count, &calls[1]};
    CHECK(cudaGraphExecHostNodeSetParams(executable, b.host, &host));
    int n = kCount - 1;
    void *few[] = {&device, &n};
    const cudaKernelNodeParams minus = {(void *)negate, dim3(3), dim3(100), 0, few, nullptr};
    CHECK(cudaGraphExecKernelNodeSetParams(executable, b.kernel, &minus));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(one, 37);
    if (two[kCount - 1] != 5) return 5;
    two[kCount - 1] = -5;
    EXPECT(two, -5);
    if (calls[0] != 3 || calls[1] != 1) return 6;

    // A node left out, and back again.
    unsigned enabled = 7;
    CHECK(cudaGraphNodeSetEnabled(executable, b.kernel, 0));
    CHECK(cudaGraphNodeGetEnabled(executable, b.kernel, &enabled));
    if (enabled != 0) return 7;
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(two, 5);
    CHECK(cudaGraphNodeSetEnabled(executable, b.kernel, 1));

    // All from another graph of the same shape; one of another shape is refused and changes nothing.
    Built c = build(device, one, -3, {3, 1}, 1, &calls[0]);
    cudaGraphExecUpdateResultInfo info;
    CHECK(cudaGraphExecUpdate(executable, c.graph, &info));
    if (info.result != cudaGraphExecUpdateSuccess) return 8;
    cudaGraphNode_t more;
    CHECK(cudaGraphAddEmptyNode(&more, c.graph, &c.host, 1));
    if (cudaGraphExecUpdate(executable, c.graph, &info) != cudaErrorGraphExecUpdateFailure || info.result != cudaGraphExecUpdateErrorTopologyChanged) return 9;
    cudaGetLastError();
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(one, -8);

    // In the graph: the next instantiation takes it. A type stays what it is.
    fill.value = 4;
    CHECK(cudaGraphMemsetNodeSetParams(b.fill, &fill));
    CHECK(cudaGraphKernelNodeSetParams(b.kernel, &minus));
    if (cudaGraphKernelNodeSetParams(b.fill, &minus) != cudaErrorInvalidValue) return 10;
    if (cudaGraphExecKernelNodeSetParams(executable, c.kernel, &minus) != cudaErrorInvalidValue) return 11;
    cudaGetLastError();
    CHECK(cudaGraphExecDestroy(second));
    CHECK(cudaGraphInstantiate(&second, b.graph, 0));
    CHECK(cudaGraphLaunch(second, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (one[0] != -4 || one[kCount - 2] != -4 || one[kCount - 1] != 4) return 12;

    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphExecDestroy(second));
    CHECK(cudaGraphDestroy(b.graph));
    CHECK(cudaGraphDestroy(c.graph));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(device));
    CHECK(cudaFreeHost(one));
    CHECK(cudaFreeHost(two));
}
