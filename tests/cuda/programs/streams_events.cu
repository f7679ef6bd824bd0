// Overlap of copies and kernels in several streams, with pinned memory, events and a host function.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void kernel(float *a, int offset, int n) {
    int i = offset + threadIdx.x + blockIdx.x * blockDim.x;
    if (i < n) {
        float x = (float)i, s = sinf(x), c = cosf(x);
        a[i] = a[i] + sqrtf(s * s + c * c);
    }
}

static void CUDART_CB done(void *data) { ++*(int *)data; }
static void CUDART_CB called(cudaStream_t, cudaError_t status, void *data) { *(int *)data += status == cudaSuccess ? 10 : 0; }

int main() {
    const int nStreams = 4, n = 4 * 1024 * nStreams, streamSize = n / nStreams;
    float *a, *d_a;
    CHECK(cudaMallocHost((void **)&a, n * sizeof(float)));
    CHECK(cudaMalloc((void **)&d_a, n * sizeof(float)));
    for (int i = 0; i < n; ++i) a[i] = 0;
    float ms;
    cudaEvent_t start, stop, ready;
    cudaStream_t stream[nStreams];
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&stop));
    CHECK(cudaEventCreateWithFlags(&ready, cudaEventDisableTiming));
    for (int i = 0; i < nStreams; ++i) CHECK(i % 2 ? cudaStreamCreate(&stream[i]) : cudaStreamCreateWithFlags(&stream[i], cudaStreamNonBlocking));
    CHECK(cudaEventRecord(start, 0));
    int notes = 0;
    for (int i = 0; i < nStreams; ++i) {
        int offset = i * streamSize;
        CHECK(cudaMemcpyAsync(&d_a[offset], &a[offset], streamSize * sizeof(float), cudaMemcpyHostToDevice, stream[i]));
        kernel<<<streamSize / 256, 256, 0, stream[i]>>>(d_a, offset, n);
        CHECK(cudaMemcpyAsync(&a[offset], &d_a[offset], streamSize * sizeof(float), cudaMemcpyDeviceToHost, stream[i]));
        CHECK(cudaLaunchHostFunc(stream[i], done, &notes));
    }
    for (int i = 0; i < nStreams; ++i) CHECK(cudaStreamSynchronize(stream[i]));
    CHECK(cudaEventRecord(stop, 0));
    CHECK(cudaEventSynchronize(stop));
    CHECK(cudaEventElapsedTime(&ms, start, stop));
    if (ms < 0 || notes != nStreams) return 1;
    for (int i = 0; i < n; ++i)
        if (fabsf(a[i] - 1.0f) > 1e-4f) return 2;

    kernel<<<n / 256, 256, 0, stream[1]>>>(d_a, 0, n);
    CHECK(cudaEventRecord(ready, stream[1]));
    CHECK(cudaStreamWaitEvent(stream[2], ready, 0));
    kernel<<<n / 256, 256, 0, stream[2]>>>(d_a, 0, n);
    CHECK(cudaMemcpyAsync(a, d_a, n * sizeof(float), cudaMemcpyDeviceToHost, stream[2]));
    CHECK(cudaStreamAddCallback(stream[2], called, &notes, 0));
    CHECK(cudaStreamSynchronize(stream[2]));
    CHECK(cudaStreamQuery(stream[2]));
    CHECK(cudaEventQuery(ready));
    if (notes != nStreams + 10) return 3;
    for (int i = 0; i < n; ++i)
        if (fabsf(a[i] - 3.0f) > 1e-4f) return 4;
    int least, greatest;
    CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    cudaStream_t urgent;
    CHECK(cudaStreamCreateWithPriority(&urgent, cudaStreamNonBlocking, greatest));
    CHECK(cudaStreamDestroy(urgent));
    for (auto s : stream) CHECK(cudaStreamDestroy(s));
    CHECK(cudaEventDestroy(start));
    CHECK(cudaEventDestroy(stop));
    CHECK(cudaEventDestroy(ready));
    CHECK(cudaFree(d_a));
    CHECK(cudaFreeHost(a));
    return 0;
}
