// Functions of the host among the nodes of a graph: one feeds a kernel through managed memory, one runs beside another kernel,
// and the last tells the program's main thread by an atomic that the results are there.
#include <atomic>
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

constexpr int kCount = 100;

__global__ void twice(const int *in, int *out) { out[threadIdx.x] = 2 * in[threadIdx.x]; }

struct Pair {
    const int *from;
    int *to;
};
std::atomic<int> finished{0};

void CUDART_CB count_up(void *data) {
    int *place = static_cast<int *>(data);
    for (int i = 0; i < kCount; ++i) ++place[i];
}
void CUDART_CB square(void *data) {
    const auto *pair = static_cast<Pair *>(data);
    for (int i = 0; i < kCount; ++i) pair->to[i] = pair->from[i] * pair->from[i];
}
void CUDART_CB finish(void *) { ++finished; }

int main() {
    int *in, *doubled, *squared;
    for (int **p : {&in, &doubled, &squared}) CHECK(cudaMallocManaged(p, kCount * sizeof(int)));
    for (int i = 0; i < kCount; ++i) in[i] = i;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaGraphNode_t first, kernel, beside, last;
    CHECK(cudaGraphCreate(&graph, 0));
    cudaHostNodeParams host = {count_up, in};
    CHECK(cudaGraphAddHostNode(&first, graph, nullptr, 0, &host));
    void *arguments[] = {&in, &doubled};
    const cudaKernelNodeParams doubles = {(void *)twice, dim3(1), dim3(kCount), 0, arguments, nullptr};
    CHECK(cudaGraphAddKernelNode(&kernel, graph, &first, 1, &doubles));
    Pair pair{in, squared};
    host = {square, &pair};
    CHECK(cudaGraphAddHostNode(&beside, graph, &first, 1, &host));
    host = {finish, nullptr};
    const cudaGraphNode_t both[] = {kernel, beside};
    CHECK(cudaGraphAddHostNode(&last, graph, both, 2, &host));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    for (int turn = 1; turn <= 3; ++turn) {
        CHECK(cudaGraphLaunch(executable, stream));
        while (finished.load() < turn) {}
        for (int i = 0; i < kCount; ++i)
            if (doubled[i] != 2 * (i + turn) || squared[i] != (i + turn) * (i + turn)) return 2;
    }
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaStreamDestroy(stream));
    for (int *p : {in, doubled, squared}) CHECK(cudaFree(p));
}
