// A list that a kernel builds from its own heap; one thread drops the nodes that another still reads.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
struct Node {
    int value;
    Node *next;
};

__global__ void sum_list(int *out, int count) {
    Node *head = nullptr;
    for (int i = 0; i < count; ++i) {
        Node *node = static_cast<Node *>(malloc(sizeof(Node)));
        node->value = i;
        node->next = head;
        head = node;
    }
    int sum = 0;
    for (Node *node = head; node != nullptr;) {
        sum += node->value;
        free(node);
        node = node->next; // defect: use_after_free
    }
    out[threadIdx.x] = sum;
}

int main() {
    int *d_out, out[4];
    CHECK(cudaMalloc(&d_out, sizeof out));
    sum_list<<<1, 4>>>(d_out, 10);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out, d_out, sizeof out, cudaMemcpyDeviceToHost));
    std::printf("%d\n", out[0]);
    CHECK(cudaFree(d_out));
}
