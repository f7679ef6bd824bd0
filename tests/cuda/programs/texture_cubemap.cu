// A cubemap: each direction meets the face and the texel that lie there; cubemaps in layers; filtering within a face.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
const int S = 4, cubes = 3;

// The direction to a place on a face; both from -1 to 1.
__host__ __device__ float3 direction(int face, float s, float t) {
    switch (face) {
        case 0: return make_float3(1, -t, -s);
        case 1: return make_float3(-1, -t, s);
        case 2: return make_float3(s, 1, t);
        case 3: return make_float3(s, -1, -t);
        case 4: return make_float3(s, -t, 1);
        default: return make_float3(-s, -t, -1);
    }
}

__global__ void look(cudaTextureObject_t cube, cudaTextureObject_t layered, float *out, float *layers) {
    int x = threadIdx.x, y = threadIdx.y, face = blockIdx.x, at = (face * S + y) * S + x;
    float3 d = direction(face, (x + 0.5f) / S * 2 - 1, (y + 0.5f) / S * 2 - 1);
    out[at] = texCubemap<float>(cube, d.x * 3, d.y * 3, d.z * 3);   // its length does not matter
    for (int cube = 0; cube < cubes; ++cube) layers[cube * 6 * S * S + at] = texCubemapLayered<float>(layered, d.x, d.y, d.z, cube);
}

__global__ void middle(cudaTextureObject_t cube, float *out) {
    float3 d = direction(threadIdx.x, 0, 0);
    out[threadIdx.x] = texCubemap<float>(cube, d.x, d.y, d.z);
}

static cudaTextureObject_t texture_of(cudaArray_t array, cudaTextureFilterMode filter) {
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    for (auto &mode : description.addressMode) mode = cudaAddressModeClamp;
    description.filterMode = filter;
    description.normalizedCoords = 1;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    return texture;
}

static cudaArray_t cube_of(const std::vector<float> &host, int faces, unsigned flags) {
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t array;
    CHECK(cudaMalloc3DArray(&array, &format, make_cudaExtent(S, S, faces), flags));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr((void *)host.data(), S * sizeof(float), S, S);
    copy.dstArray = array;
    copy.extent = make_cudaExtent(S, S, faces);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    return array;
}

int main() {
    const int n = 6 * S * S;
    std::vector<float> one(n), many(n * cubes), back(n), all(n * cubes);
    for (int i = 0; i < n; ++i) one[i] = (float)(i * i);
    for (int i = 0; i < n * cubes; ++i) many[i] = 1000.0f + i;
    cudaArray_t a = cube_of(one, 6, cudaArrayCubemap), b = cube_of(many, 6 * cubes, cudaArrayCubemap | cudaArrayLayered);
    cudaTextureObject_t cube = texture_of(a, cudaFilterModePoint), layered = texture_of(b, cudaFilterModePoint), smooth = texture_of(a, cudaFilterModeLinear);
    float *out, *layers;
    CHECK(cudaMalloc(&out, n * sizeof(float)));
    CHECK(cudaMalloc(&layers, n * cubes * sizeof(float)));
    look<<<6, dim3(S, S)>>>(cube, layered, out, layers);
    CHECK(cudaMemcpy(back.data(), out, n * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(all.data(), layers, n * cubes * sizeof(float), cudaMemcpyDeviceToHost));
    if (back != one) return 1;
    if (all != many) return 2;
    middle<<<1, 6>>>(smooth, out);
    CHECK(cudaMemcpy(back.data(), out, 6 * sizeof(float), cudaMemcpyDeviceToHost));
    for (int face = 0; face < 6; ++face) {
        const float *f = &one[face * S * S];
        if (back[face] != (f[5] + f[6] + f[9] + f[10]) / 4) return 3;
    }
    CHECK(cudaDestroyTextureObject(cube));
    CHECK(cudaDestroyTextureObject(layered));
    CHECK(cudaDestroyTextureObject(smooth));
    CHECK(cudaFreeArray(a));
    CHECK(cudaFreeArray(b));
    CHECK(cudaFree(out));
    CHECK(cudaFree(layers));
    return 0;
}
