// unsupported: memory that graphs allocate
int main() {
    cudaGraph_t graph;
    cudaGraphNode_t node;
    cudaMemAllocNodeParams wanted = {};
    wanted.poolProps.allocType = cudaMemAllocationTypePinned;
    wanted.poolProps.location.type = cudaMemLocationTypeDevice;
    wanted.bytesize = 64;
    cudaGraphCreate(&graph, 0);
    cudaGraphAddMemAllocNode(&node, graph, nullptr, 0, &wanted);
}
