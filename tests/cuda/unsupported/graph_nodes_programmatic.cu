// unsupported: programmatic dependencies of graphs
__global__ void k() {}
int main() {
    cudaGraph_t graph;
    cudaGraphNode_t a, b;
    cudaKernelNodeParams kernel = {};
    kernel.func = (void *)k;
    kernel.gridDim = kernel.blockDim = dim3(1);
    cudaGraphCreate(&graph, 0);
    cudaGraphAddKernelNode(&a, graph, nullptr, 0, &kernel);
    cudaGraphAddKernelNode(&b, graph, nullptr, 0, &kernel);
    cudaGraphEdgeData edge = {};
    edge.from_port = cudaGraphKernelNodePortProgrammatic;
    edge.type = cudaGraphDependencyTypeProgrammatic;
    cudaGraphAddDependencies(graph, &a, &b, &edge, 1);
}
