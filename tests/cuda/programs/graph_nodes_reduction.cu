// A reduction as a graph built by nodes: copy in, fill, two kernels, copy out, and a function of the host that adds up; it is
// launched again and again, cloned, and the same graph comes out of a capture.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        const cudaError_t status = (call);                                                   \
        if (status != cudaSuccess) {                                                         \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

constexpr int kThreads = 128, kBlocks = 7;

__global__ void reduce(const float *in, double *out, size_t n) {
    __shared__ double part[kThreads];
    double sum = 0;
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += in[i];
    part[threadIdx.x] = sum;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half; half /= 2) {
        if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) out[blockIdx.x] += part[0];
}

__global__ void reduce_final(const double *in, double *out, int blocks) {
    double sum = 0;
    for (int i = 0; i < blocks; ++i) sum += in[i];
    *out = sum;
}

struct Callback {
    const double *result;
    double total;
    int calls;
};

void CUDART_CB take(void *data) {
    auto *callback = static_cast<Callback *>(data);
    callback->total += *callback->result;
    ++callback->calls;
}

int main() {
    const size_t n = 3001;
    float *in, *in_device;
    double *out, *parts, *out_device;
    CHECK(cudaMallocHost(&in, n * sizeof(float)));
    CHECK(cudaMallocHost(&out, sizeof(double)));
    CHECK(cudaMalloc(&in_device, n * sizeof(float)));
    CHECK(cudaMalloc(&parts, kBlocks * sizeof(double)));
    CHECK(cudaMalloc(&out_device, sizeof(double)));
    double expected = 0;
    for (size_t i = 0; i < n; ++i) expected += in[i] = float(i % 13);

    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    cudaGraph_t graph;
    CHECK(cudaGraphCreate(&graph, 0));
    cudaGraphNode_t copy_in, fill, fill_out, first, second, copy_out, host;

    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(in, n * sizeof(float), n, 1);
    copy.dstPtr = make_cudaPitchedPtr(in_device, n * sizeof(float), n, 1);
    copy.extent = make_cudaExtent(n * sizeof(float), 1, 1);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaGraphAddMemcpyNode(&copy_in, graph, nullptr, 0, &copy));
    cudaMemsetParams zero = {};
    zero.dst = parts;
    zero.elementSize = sizeof(float);
    zero.width = kBlocks * 2;
    zero.height = 1;
    CHECK(cudaGraphAddMemsetNode(&fill, graph, nullptr, 0, &zero));
    zero.dst = out_device;
    zero.width = 2;
    CHECK(cudaGraphAddMemsetNode(&fill_out, graph, nullptr, 0, &zero));

    {
        // The parameters are copied when the node is added.
        const float *from = in_device;
        double *to = parts;
        size_t count = n;
        void *arguments[] = {&from, &to, &count};
        cudaKernelNodeParams kernel = {};
        kernel.func = (void *)reduce;
        kernel.gridDim = kBlocks;
        kernel.blockDim = kThreads;
        kernel.kernelParams = arguments;
        const cudaGraphNode_t before[] = {copy_in, fill};
        CHECK(cudaGraphAddKernelNode(&first, graph, before, 2, &kernel));
        from = nullptr, to = nullptr, count = 0;
    }
    int blocks = kBlocks;
    void *arguments[] = {&parts, &out_device, &blocks};
    cudaKernelNodeParams kernel = {};
    kernel.func = (void *)reduce_final;
    kernel.gridDim = dim3(1, 1, 1);
    kernel.blockDim = dim3(1, 1, 1);
    kernel.kernelParams = arguments;
    const cudaGraphNode_t before[] = {first, fill_out};
    CHECK(cudaGraphAddKernelNode(&second, graph, before, 2, &kernel));
    CHECK(cudaGraphAddMemcpyNode1D(&copy_out, graph, &second, 1, out, out_device, sizeof(double), cudaMemcpyDeviceToHost));
    Callback callback{out, 0, 0};
    cudaHostNodeParams function = {};
    function.fn = take;
    function.userData = &callback;
    CHECK(cudaGraphAddHostNode(&host, graph, &copy_out, 1, &function));

    size_t count = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &count));
    if (count != 7) return 2;
    CHECK(cudaGraphGetRootNodes(graph, nullptr, &count));
    if (count != 3) return 3;

    cudaGraphExec_t executable, of_clone;
    cudaGraph_t clone;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphClone(&clone, graph));
    CHECK(cudaGraphInstantiate(&of_clone, clone, 0));
    for (int i = 0; i < 3; ++i) CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (callback.calls != 3 || callback.total != 3 * expected || *out != expected) return 4;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    for (int i = 0; i < 2; ++i) CHECK(cudaGraphLaunch(of_clone, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (callback.calls != 5 || callback.total != 5 * expected) return 5;
    CHECK(cudaGraphExecDestroy(of_clone));
    CHECK(cudaGraphDestroy(clone));

    // The same from a stream: it answers, too.
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaMemcpyAsync(in_device, in, n * sizeof(float), cudaMemcpyHostToDevice, stream));
    CHECK(cudaMemsetAsync(parts, 0, kBlocks * sizeof(double), stream));
    reduce<<<kBlocks, kThreads, 0, stream>>>(in_device, parts, n);
    reduce_final<<<1, 1, 0, stream>>>(parts, out_device, kBlocks);
    CHECK(cudaMemcpyAsync(out, out_device, sizeof(double), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaLaunchHostFunc(stream, take, &callback));
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphGetNodes(graph, nullptr, &count));
    if (count != 6) return 6;
    std::vector<cudaGraphNode_t> nodes(count);
    CHECK(cudaGraphGetNodes(graph, nodes.data(), &count));
    const cudaGraphNodeType types[] = {cudaGraphNodeTypeMemcpy, cudaGraphNodeTypeMemset, cudaGraphNodeTypeKernel,
                                       cudaGraphNodeTypeKernel, cudaGraphNodeTypeMemcpy, cudaGraphNodeTypeHost};
    int seen[6] = {}, wanted[6] = {};
    for (size_t i = 0; i < count; ++i) {
        cudaGraphNodeType type;
        CHECK(cudaGraphNodeGetType(nodes[i], &type));
        ++seen[type];
        ++wanted[types[i]];
        if (type != cudaGraphNodeTypeHost) continue;
        CHECK(cudaGraphHostNodeGetParams(nodes[i], &function));
        if (function.fn != take || function.userData != &callback) return 7;
    }
    for (int i = 0; i < 6; ++i)
        if (seen[i] != wanted[i]) return 8;
    size_t edges = 0;
    CHECK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges));
    if (edges != 5) return 9;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (callback.calls != 6 || callback.total != 6 * expected) return 10;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFreeHost(in));
    CHECK(cudaFreeHost(out));
    CHECK(cudaFree(in_device));
    CHECK(cudaFree(parts));
    CHECK(cudaFree(out_device));
}
