// A graph whose result a kernel of another stream reads, which does not wait for it.
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

__global__ void shift(const int *in, int *out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = in[kCount - 1 - i] + 1;
}

int main() {
    int *a, *b, *c, got[kCount];
    CHECK(cudaMalloc(&a, kCount * sizeof(int)));
    CHECK(cudaMalloc(&b, kCount * sizeof(int)));
    CHECK(cudaMalloc(&c, kCount * sizeof(int)));
    cudaStream_t stream, side;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamCreate(&side));
    cudaEvent_t fork, join;
    CHECK(cudaEventCreate(&fork));
    CHECK(cudaEventCreate(&join));
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    fill<<<kCount / 128, 128, 0, stream>>>(a, 1);
    shift<<<kCount / 128, 128, 0, stream>>>(a, b);
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaEventRecord(fork, stream));
    CHECK(cudaStreamWaitEvent(side, fork, 0));
    shift<<<kCount / 128, 128, 0, side>>>(b, c);
    CHECK(cudaEventRecord(join, side));
    CHECK(cudaStreamWaitEvent(stream, join, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got, c, sizeof got, cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    for (int *p : {a, b, c}) CHECK(cudaFree(p));
}
