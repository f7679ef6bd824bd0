// unsupported: cudaMallocArray
int main() {
    cudaArray_t array;
    cudaChannelFormatDesc desc = cudaCreateChannelDesc<float>();
    return cudaMallocArray(&array, &desc, 64, 64);
}
