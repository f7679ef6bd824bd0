// unsupported: resource views of textures
int main() {
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<uchar4>();
    cudaMallocArray(&array, &format, 16, 16);
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    cudaResourceViewDesc view = {cudaResViewFormatUnsignedInt1, 16, 16};
    cudaCreateTextureObject(&texture, &resource, &how, &view);
}
