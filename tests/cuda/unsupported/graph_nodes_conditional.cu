// unsupported: cudaGraphConditionalHandleCreate
int main() {
    cudaGraph_t graph;
    cudaGraphConditionalHandle handle;
    cudaGraphCreate(&graph, 0);
    cudaGraphConditionalHandleCreate(&handle, graph, 1, cudaGraphCondAssignDefault);
}
