// unsupported: tex2Dgather from memory without cudaArrayTextureGather
__global__ void read(cudaTextureObject_t t) { if (tex2Dgather<float4>(t, 1, 1).w == 1) __trap(); }
int main() {
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaMallocArray(&array, &format, 16, 16);
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    cudaCreateTextureObject(&texture, &resource, &how, nullptr);
    read<<<1, 32>>>(texture);
    cudaDeviceSynchronize();
}
