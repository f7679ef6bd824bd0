// unsupported: graphs
__global__ void k() {}
int main() {
    cudaGraph_t g;
    cudaGraphNode_t node;
    cudaGraphCreate(&g, 0);
    cudaGraphAddEmptyNode(&node, g, nullptr, 0);
}
