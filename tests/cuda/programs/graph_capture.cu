// Graphs recorded from streams: copies, fills and kernels replayed in order, arguments by value, branches that fork and join,
// an update, and what a capture refuses.
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

__global__ void add(int *to, const int *from, int n, int more) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] += from[i] + more;
}

__global__ void scale(int *data, int n, int by) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= by;
}

int main() {
    const int n = 1000, blocks = (n + 127) / 128;
    int *in, *out, *a, *b;
    CHECK(cudaMallocHost(&in, n * sizeof(int)));
    CHECK(cudaMallocHost(&out, n * sizeof(int)));
    CHECK(cudaMalloc(&a, n * sizeof(int)));
    CHECK(cudaMalloc(&b, n * sizeof(int)));
    cudaStream_t stream, side;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));

    // One stream. The argument is the value that it had when it was recorded; the host's memory is read at each launch.
    int more = 5;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaStreamCaptureStatus capture;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaStreamIsCapturing(stream, &capture));
    if (capture != cudaStreamCaptureStatusActive) return 2;
    CHECK(cudaMemcpyAsync(a, in, n * sizeof(int), cudaMemcpyHostToDevice, stream));
    CHECK(cudaMemsetAsync(b, 0, n * sizeof(int), stream));
    add<<<blocks, 128, 0, stream>>>(b, a, n, more);
    for (int i = 0; i < 3; ++i) scale<<<blocks, 128, 0, stream>>>(b, n, 2);
    CHECK(cudaMemcpyAsync(out, b, n * sizeof(int), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamEndCapture(stream, &graph));
    more = 1000;
    size_t nodes = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
    if (nodes != 7) return 3;
    CHECK(cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0));
    for (int i = 0; i < n; ++i) out[i] = -1;
    for (int turn = 0; turn < 3; ++turn) {
        for (int i = 0; i < n; ++i) in[i] = i + turn;
        CHECK(cudaGraphLaunch(executable, turn == 1 ? 0 : stream));
        CHECK(cudaDeviceSynchronize());
        for (int i = 0; i < n; ++i)
            if (out[i] != 8 * (i + turn + 5)) return 4;
    }
    CHECK(cudaGraphDestroy(graph));

    // The same calls with another argument.
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaMemcpyAsync(a, in, n * sizeof(int), cudaMemcpyHostToDevice, stream));
    CHECK(cudaMemsetAsync(b, 0, n * sizeof(int), stream));
    add<<<blocks, 128, 0, stream>>>(b, a, n, 7);
    for (int i = 0; i < 3; ++i) scale<<<blocks, 128, 0, stream>>>(b, n, 3);
    CHECK(cudaMemcpyAsync(out, b, n * sizeof(int), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamEndCapture(stream, &graph));
    cudaGraphExecUpdateResultInfo info;
    CHECK(cudaGraphExecUpdate(executable, graph, &info));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; ++i)
        if (out[i] != 27 * (in[i] + 7)) return 5;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));

    // Two branches.
    cudaEvent_t fork, join;
    CHECK(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
    CHECK(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaEventRecord(fork, stream));
    CHECK(cudaStreamWaitEvent(side, fork));
    CHECK(cudaMemcpyAsync(a, in, n * sizeof(int), cudaMemcpyHostToDevice, stream));
    scale<<<blocks, 128, 0, stream>>>(a, n, 2);
    CHECK(cudaMemsetAsync(b, 0, n * sizeof(int), side));
    CHECK(cudaEventRecord(join, side));
    CHECK(cudaStreamWaitEvent(stream, join, 0));
    add<<<blocks, 128, 0, stream>>>(b, a, n, 1);
    CHECK(cudaMemcpyAsync(out, b, n * sizeof(int), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphUpload(executable, stream));
    for (int turn = 0; turn < 2; ++turn) CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; ++i)
        if (out[i] != 2 * in[i] + 1) return 6;
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));

    // What must not come between.
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    if (cudaStreamSynchronize(stream) != cudaErrorStreamCaptureUnsupported) return 7;
    if (cudaStreamEndCapture(stream, &graph) != cudaErrorStreamCaptureInvalidated || graph) return 8;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaEventRecord(fork, stream));
    CHECK(cudaStreamWaitEvent(side, fork, 0));
    scale<<<blocks, 128, 0, side>>>(a, n, 2);
    if (cudaStreamEndCapture(stream, &graph) != cudaErrorStreamCaptureUnjoined) return 9;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    int *more_memory;
    CHECK(cudaMalloc(&more_memory, 64));
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaFree(more_memory));
    CHECK(cudaGraphDestroy(graph));
    cudaGetLastError();
    CHECK(cudaEventDestroy(fork));
    CHECK(cudaEventDestroy(join));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaStreamDestroy(side));
    CHECK(cudaFreeHost(in));
    CHECK(cudaFreeHost(out));
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
}
