// unsupported: sparse CUDA arrays
int main() {
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    return cudaMallocArray(&array, &format, 1024, 1024, cudaArraySparse);
}
