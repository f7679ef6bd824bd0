// The parts of the runtime API that nvcc alone sees: they take variables and functions of device code as they are.
#pragma once
#include <cuda_runtime_api.h>

namespace emulate {
// Tells the runtime how large a variable is, before its address goes through the C API.
void note_symbol(const void *address, size_t size);
// Whether a variable lies where those of the program do. A symbol's address, written in the place of the symbol, is a
// temporary, which lies on the stack.
bool may_be_symbol(const void *address);

// Null, which the C API calls an invalid symbol, for what is none.
template <class T>
const void *symbol_address(const T &symbol) {
    if (!may_be_symbol(&symbol)) return nullptr;
    note_symbol(&symbol, sizeof symbol);
    return &symbol;
}
}  // namespace emulate

template <class T>
cudaError_t cudaMemcpyToSymbol(const T &symbol, const void *from, size_t size, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyHostToDevice) {
    if (::emulate::may_be_symbol(&symbol) && offset + size > sizeof symbol) return ::cudaMemcpyToSymbol(static_cast<const void *>(nullptr), nullptr, 0);
    return ::cudaMemcpyToSymbol(::emulate::symbol_address(symbol), from, size, offset, kind);
}
template <class T>
cudaError_t cudaMemcpyToSymbolAsync(const T &symbol, const void *from, size_t size, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyHostToDevice,
                                    cudaStream_t stream = nullptr) {
    return ::cudaMemcpyToSymbolAsync(::emulate::symbol_address(symbol), from, size, offset, kind, stream);
}
template <class T>
cudaError_t cudaMemcpyFromSymbol(void *to, const T &symbol, size_t size, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyDeviceToHost) {
    return ::cudaMemcpyFromSymbol(to, ::emulate::symbol_address(symbol), size, offset, kind);
}
template <class T>
cudaError_t cudaMemcpyFromSymbolAsync(void *to, const T &symbol, size_t size, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyDeviceToHost,
                                      cudaStream_t stream = nullptr) {
    return ::cudaMemcpyFromSymbolAsync(to, ::emulate::symbol_address(symbol), size, offset, kind, stream);
}
// The same copies as nodes of graphs.
template <class T>
cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, size_t count, const T &symbol, const void *from, size_t size,
                                           size_t offset, cudaMemcpyKind kind) {
    return ::cudaGraphAddMemcpyNodeToSymbol(node, graph, after, count, ::emulate::symbol_address(symbol), from, size, offset, kind);
}
template <class T>
cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, size_t count, void *to, const T &symbol, size_t size,
                                             size_t offset, cudaMemcpyKind kind) {
    return ::cudaGraphAddMemcpyNodeFromSymbol(node, graph, after, count, to, ::emulate::symbol_address(symbol), size, offset, kind);
}
template <class T>
cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const T &symbol, const void *from, size_t size, size_t offset, cudaMemcpyKind kind) {
    return ::cudaGraphMemcpyNodeSetParamsToSymbol(node, ::emulate::symbol_address(symbol), from, size, offset, kind);
}
template <class T>
cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void *to, const T &symbol, size_t size, size_t offset, cudaMemcpyKind kind) {
    return ::cudaGraphMemcpyNodeSetParamsFromSymbol(node, to, ::emulate::symbol_address(symbol), size, offset, kind);
}
template <class T>
cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t executable, cudaGraphNode_t node, const T &symbol, const void *from, size_t size, size_t offset,
                                                     cudaMemcpyKind kind) {
    return ::cudaGraphExecMemcpyNodeSetParamsToSymbol(executable, node, ::emulate::symbol_address(symbol), from, size, offset, kind);
}
template <class T>
cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t executable, cudaGraphNode_t node, void *to, const T &symbol, size_t size, size_t offset,
                                                       cudaMemcpyKind kind) {
    return ::cudaGraphExecMemcpyNodeSetParamsFromSymbol(executable, node, to, ::emulate::symbol_address(symbol), size, offset, kind);
}

template <class T>
cudaError_t cudaGetSymbolAddress(void **address, const T &symbol) {
    return ::cudaGetSymbolAddress(address, ::emulate::symbol_address(symbol));
}
template <class T>
cudaError_t cudaGetSymbolSize(size_t *size, const T &symbol) {
    return ::cudaGetSymbolSize(size, ::emulate::symbol_address(symbol));
}
template <class T>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *attributes, T *function) {
    return ::cudaFuncGetAttributes(attributes, reinterpret_cast<const void *>(function));
}
template <class T>
cudaError_t cudaFuncSetCacheConfig(T *function, cudaFuncCache config) {
    return ::cudaFuncSetCacheConfig(reinterpret_cast<const void *>(function), config);
}
template <class T>
cudaError_t cudaFuncGetName(const char **name, T *function) {
    return ::cudaFuncGetName(name, reinterpret_cast<const void *>(function));
}
template <class T>
cudaError_t cudaFuncSetAttribute(T *function, cudaFuncAttribute attribute, int value) {
    return ::cudaFuncSetAttribute(reinterpret_cast<const void *>(function), attribute, value);
}
