// unsupported: fetches from mipmapped textures by gradients
__global__ void read(cudaTextureObject_t t) { if (tex2DGrad<float>(t, 0.5f, 0.5f, make_float2(0.1f, 0), make_float2(0, 0.1f)) == 1) __trap(); }
int main() {
    cudaMipmappedArray_t mipmaps;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaMallocMipmappedArray(&mipmaps, &format, make_cudaExtent(16, 16, 0), 3);
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeMipmappedArray;
    resource.res.mipmap.mipmap = mipmaps;
    cudaTextureDesc how = {};
    how.normalizedCoords = 1;
    cudaTextureObject_t texture;
    cudaCreateTextureObject(&texture, &resource, &how, nullptr);
    read<<<1, 32>>>(texture);
    cudaDeviceSynchronize();
}
