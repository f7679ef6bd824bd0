// Graphs as they are built: nodes, and the nodes each depends on.
#pragma once
#include "graphs.h"

// The runtime API's opaque types.
struct CUgraphNode_st {
    uint64_t id;              // no other node ever has it
    uint64_t original;        // of the node that this one was cloned from; 0: none
    cudaGraph_t graph;
    emulate::Action action;
    std::vector<cudaGraphNode_t> dependencies;   // in the order in which they were added
    std::unique_ptr<CUgraph_st> child;           // of a child graph node
};

struct CUgraph_st {
    CUgraph_st();
    ~CUgraph_st();
    CUgraph_st(const CUgraph_st &) = delete;

    std::vector<std::unique_ptr<CUgraphNode_st>> nodes;   // in the order in which they were added
    bool owned = false;   // by a child graph node
};

namespace emulate {

using Nodes = std::vector<cudaGraphNode_t>;

bool graph_exists(cudaGraph_t graph);
bool node_exists(cudaGraphNode_t node);

cudaGraphNode_t add_node(cudaGraph_t graph, Nodes dependencies, Action action);
void forget_node(cudaGraphNode_t node);   // on which none depends any more
std::unique_ptr<CUgraph_st> clone(const CUgraph_st &graph);
// Whether these are different nodes of this graph.
bool nodes_of(cudaGraph_t graph, const cudaGraphNode_t *nodes, size_t count);
// Those, and all that any of them depends on.
std::vector<cudaGraphNode_t> with_ancestors(const Nodes &nodes);
// An edge that lets the later node begin before the earlier one has ended is refused by name.
void only_full_edges(const cudaGraphEdgeData *data, size_t count);

// The parts of an action, from parameters; `pc`: who called.
cudaError_t kernel_action(const cudaKernelNodeParams *parameters, bool cooperative, Action &action);
cudaError_t copy_action(const cudaMemcpy3DParms *parameters, const void *pc, Action &action);
cudaError_t copy_action(void *to, const void *from, size_t size, cudaMemcpyKind kind, const void *pc, Action &action);
cudaError_t fill_action(const cudaMemsetParams *parameters, const void *pc, Action &action);
cudaError_t host_action(const cudaHostNodeParams *parameters, Action &action);
cudaError_t event_action(cudaGraphNodeType type, cudaEvent_t event, Action &action);
cudaError_t symbol_action(void *to, const void *from, const void *symbol, size_t size, cudaMemcpyKind kind, const void *pc, Action &action);
// Of any type but a child graph.
cudaError_t any_action(const cudaGraphNodeParams *parameters, const void *pc, Action &action);
// Only one of the same type takes an action's place.
cudaError_t replace(Action &action, Action by);

// What a node has become in an executable graph; null: it is not of the graph that this was made from.
Action *action_in(cudaGraphExec_t executable, cudaGraphNode_t node);
bool executable_exists(cudaGraphExec_t executable);
// A graph that is launched into a stream that is being captured becomes a child graph node.
cudaError_t keep_child(cudaStream_t stream, std::unique_ptr<CUgraph_st> child);
// The executable graph as a graph again, for a child graph node.
std::unique_ptr<CUgraph_st> graph_of(cudaGraphExec_t executable);

}  // namespace emulate
