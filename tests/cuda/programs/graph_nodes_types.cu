// Nodes of every plain type by the general call, copies of boxes and of variables, fills of each element size, events that
// order a graph and the streams beside it, and a capture into a graph that has nodes already.
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

__constant__ int factor[4];
__device__ int total[4];

__global__ void weigh(const short *in, int pitch, int rows) {
    int sum = 0;
    for (int row = 0; row < rows; ++row) sum += *(const short *)((const char *)in + row * pitch + threadIdx.x * sizeof(short));
    total[threadIdx.x] = sum * factor[threadIdx.x];
}
__global__ void add(int *data, int more) { data[threadIdx.x] += more; }

void CUDART_CB store(void *place) { *static_cast<int *>(place) = 77; }

int main() {
    constexpr int kRows = 5;
    cudaStream_t stream, side;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));
    short *plane, *corner;
    size_t pitch;
    CHECK(cudaMallocPitch(&plane, &pitch, 6 * sizeof(short), kRows));
    int *weights, *result, *host_made;
    CHECK(cudaMallocHost(&weights, 4 * sizeof(int)));
    CHECK(cudaMallocHost(&result, 4 * sizeof(int)));
    CHECK(cudaMallocHost(&host_made, sizeof(int)));
    CHECK(cudaMallocHost(&corner, 2 * 2 * sizeof(short)));
    for (int i = 0; i < 4; ++i) weights[i] = i + 1, corner[i] = short(100 + i);

    cudaGraph_t graph;
    CHECK(cudaGraphCreate(&graph, 0));
    cudaGraphNodeParams p = {};
    cudaGraphNode_t fill, box, symbol, kernel, back, host, empty;
    p.type = cudaGraphNodeTypeMemset;   // 2-byte elements in rows of 6, of which each row has a gap behind it
    p.memset.dst = plane;
    p.memset.pitch = pitch;
    p.memset.value = 0xffff0203;
    p.memset.elementSize = 2;
    p.memset.width = 6;
    p.memset.height = kRows;
    CHECK(cudaGraphAddNode(&fill, graph, nullptr, nullptr, 0, &p));
    p = {};
    p.type = cudaGraphNodeTypeMemcpy;   // a box of 2 by 2 at (1, 3)
    p.memcpy.copyParams.srcPtr = make_cudaPitchedPtr(corner, 2 * sizeof(short), 2, 2);
    p.memcpy.copyParams.dstPtr = make_cudaPitchedPtr(plane, pitch, 6, kRows);
    p.memcpy.copyParams.dstPos = make_cudaPos(1 * sizeof(short), 3, 0);
    p.memcpy.copyParams.extent = make_cudaExtent(2 * sizeof(short), 2, 1);
    p.memcpy.copyParams.kind = cudaMemcpyHostToDevice;
    CHECK(cudaGraphAddNode(&box, graph, &fill, nullptr, 1, &p));
    CHECK(cudaGraphAddMemcpyNodeToSymbol(&symbol, graph, nullptr, 0, factor, weights, 4 * sizeof(int), 0, cudaMemcpyHostToDevice));
    p = {};
    p.type = cudaGraphNodeTypeKernel;
    int step = int(pitch), rows = kRows;
    void *arguments[] = {&plane, &step, &rows};
    p.kernel.func = (void *)weigh;
    p.kernel.gridDim = dim3(1);
    p.kernel.blockDim = dim3(4);
    p.kernel.kernelParams = arguments;
    const cudaGraphNode_t before[] = {box, symbol};
    cudaGraphEdgeData plain[2] = {};
    CHECK(cudaGraphAddNode(&kernel, graph, before, plain, 2, &p));
    p = {};
    p.type = cudaGraphNodeTypeEmpty;
    CHECK(cudaGraphAddNode(&empty, graph, &kernel, nullptr, 1, &p));
    CHECK(cudaGraphAddMemcpyNodeFromSymbol(&back, graph, &empty, 1, result + 1, total, 3 * sizeof(int), sizeof(int), cudaMemcpyDeviceToHost));
    p = {};
    p.type = cudaGraphNodeTypeHost;
    p.host.fn = store;
    p.host.userData = host_made;
    CHECK(cudaGraphAddNode(&host, graph, nullptr, nullptr, 0, &p));
    cudaGraphExec_t executable;
    cudaGraphInstantiateParams how = {};
    CHECK(cudaGraphInstantiateWithParams(&executable, graph, &how));
    if (how.result_out != cudaGraphInstantiateSuccess) return 2;
    result[0] = -1;
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    const int plain_sum = 3 * 0x203;
    const int expected[] = {-1, (plain_sum + 100 + 102) * 2, (plain_sum + 101 + 103) * 3, 5 * 0x203 * 4};
    for (int i = 0; i < 4; ++i)
        if (result[i] != expected[i]) return std::fprintf(stderr, "%d is %d, not %d\n", i, result[i], expected[i]), 3;
    if (*host_made != 77) return 4;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));

    // Events: the graph waits for what another stream did, and that stream for the graph's middle.
    int *data, *seen;
    CHECK(cudaMalloc(&data, 4 * sizeof(int)));
    CHECK(cudaMallocHost(&seen, 4 * sizeof(int)));
    cudaEvent_t ready, done, other;
    for (cudaEvent_t *event : {&ready, &done, &other}) CHECK(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
    CHECK(cudaGraphCreate(&graph, 0));
    cudaGraphNode_t wait, record, more;
    CHECK(cudaGraphAddEventWaitNode(&wait, graph, nullptr, 0, ready));
    int one = 1;
    void *few[] = {&data, &one};
    const cudaKernelNodeParams adds = {(void *)add, dim3(1), dim3(4), 0, few, nullptr};
    CHECK(cudaGraphAddKernelNode(&more, graph, &wait, 1, &adds));
    CHECK(cudaGraphAddEventRecordNode(&record, graph, &more, 1, other));
    cudaEvent_t got;
    CHECK(cudaGraphEventRecordNodeGetEvent(record, &got));
    if (got != other) return 5;
    CHECK(cudaGraphEventRecordNodeSetEvent(record, done));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaMemsetAsync(data, 0, 4 * sizeof(int), side));
    CHECK(cudaEventRecord(ready, side));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamWaitEvent(side, done, 0));
    CHECK(cudaMemcpyAsync(seen, data, 4 * sizeof(int), cudaMemcpyDeviceToHost, side));
    CHECK(cudaStreamSynchronize(side));
    for (int i = 0; i < 4; ++i)
        if (seen[i] != 1) return 6;
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaGraphExecDestroy(executable));

    // A capture goes on where a graph's nodes end.
    const cudaGraphNode_t end[] = {record};
    CHECK(cudaStreamBeginCaptureToGraph(stream, graph, end, nullptr, 1, cudaStreamCaptureModeGlobal));
    add<<<1, 4, 0, stream>>>(data, 10);
    cudaStreamCaptureStatus state;
    cudaGraph_t into;
    const cudaGraphNode_t *last;
    size_t count;
    CHECK(cudaStreamGetCaptureInfo(stream, &state, nullptr, &into, &last, nullptr, &count));
    if (state != cudaStreamCaptureStatusActive || into != graph || count != 1) return 7;
    cudaGraphNode_t fresh;
    CHECK(cudaGraphAddMemcpyNode1D(&fresh, graph, last, count, seen, data, 4 * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaStreamUpdateCaptureDependencies(stream, &fresh, nullptr, 1, cudaStreamSetCaptureDependencies));
    add<<<1, 4, 0, stream>>>(data, 100);
    CHECK(cudaStreamEndCapture(stream, &into));
    if (into != graph) return 8;
    CHECK(cudaGraphGetNodes(graph, nullptr, &count));
    if (count != 6) return 9;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaMemsetAsync(data, 0, 4 * sizeof(int), stream));
    for (int i = 0; i < 2; ++i) CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < 4; ++i)
        if (seen[i] != 111 + 11) return 10;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    for (cudaEvent_t event : {ready, done, other}) CHECK(cudaEventDestroy(event));
    for (cudaStream_t s : {stream, side}) CHECK(cudaStreamDestroy(s));
    CHECK(cudaFree(plane));
    CHECK(cudaFree(data));
    for (void *q : {(void *)weights, (void *)result, (void *)host_made, (void *)corner, (void *)seen}) CHECK(cudaFreeHost(q));
}
