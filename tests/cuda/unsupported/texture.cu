// unsupported: textures
__global__ void read(cudaTextureObject_t t, float *out) { out[threadIdx.x] = tex2D<float>(t, threadIdx.x + 0.5f, 0.5f); }
int main() { read<<<1, 32>>>(0, nullptr); }
