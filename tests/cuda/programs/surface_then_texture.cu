// A surface is written by one kernel and read as a texture by the next; what lies outside is clamped, dropped or read as 0.
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
__global__ void write(cudaSurfaceObject_t surface, int w, int h) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    // The last threads lie outside: their writes are dropped.
    surf2Dwrite(make_float2(x * 1.5f, y - 0.25f), surface, x * (int)sizeof(float2), y, cudaBoundaryModeZero);
}

__global__ void transposed(cudaTextureObject_t texture, float2 *out, int w, int h) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < w && y < h) out[x * h + y] = tex2D<float2>(texture, x, y);
}

__global__ void around(cudaSurfaceObject_t surface, float2 *clamped, float2 *zeroed, int w, int h) {
    int i = threadIdx.x, x = i % (w + 4) - 2, y = i / (w + 4) - 2;
    clamped[i] = surf2Dread<float2>(surface, x * (int)sizeof(float2), y, cudaBoundaryModeClamp);
    surf2Dread(&zeroed[i], surface, x * (int)sizeof(float2), y, cudaBoundaryModeZero);
}

int main() {
    const int w = 13, h = 5, n = (w + 4) * (h + 4);
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float2>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, w, h, cudaArraySurfaceLoadStore));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaSurfaceObject_t surface;
    CHECK(cudaCreateSurfaceObject(&surface, &resource));
    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeClamp;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));

    float2 *out, *clamped, *zeroed;
    CHECK(cudaMalloc(&out, w * h * sizeof(float2)));
    CHECK(cudaMalloc(&clamped, n * sizeof(float2)));
    CHECK(cudaMalloc(&zeroed, n * sizeof(float2)));
    write<<<dim3(2, 2), dim3(8, 4)>>>(surface, w, h);
    transposed<<<dim3(2, 2), dim3(8, 4)>>>(texture, out, w, h);
    around<<<1, n>>>(surface, clamped, zeroed, w, h);
    std::vector<float2> back(w * h), edges(n), zeros(n), whole(w * h);
    CHECK(cudaMemcpy(back.data(), out, w * h * sizeof(float2), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(edges.data(), clamped, n * sizeof(float2), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(zeros.data(), zeroed, n * sizeof(float2), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy2DFromArray(whole.data(), w * sizeof(float2), array, 0, 0, w * sizeof(float2), h, cudaMemcpyDeviceToHost));
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            if (back[x * h + y].x != x * 1.5f || back[x * h + y].y != y - 0.25f) return 1;
            if (whole[y * w + x].x != x * 1.5f || whole[y * w + x].y != y - 0.25f) return 2;
        }
    for (int i = 0; i < n; ++i) {
        int x = i % (w + 4) - 2, y = i / (w + 4) - 2;
        int cx = x < 0 ? 0 : x >= w ? w - 1 : x, cy = y < 0 ? 0 : y >= h ? h - 1 : y;
        bool in = x == cx && y == cy;
        if (edges[i].x != cx * 1.5f || edges[i].y != cy - 0.25f) return 3;
        if (zeros[i].x != (in ? x * 1.5f : 0) || zeros[i].y != (in ? y - 0.25f : 0)) return 4;
    }
    cudaResourceDesc asked;
    CHECK(cudaGetSurfaceObjectResourceDesc(&asked, surface));
    if (asked.res.array.array != array) return 5;
    CHECK(cudaDestroySurfaceObject(surface));
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
    CHECK(cudaFree(clamped));
    CHECK(cudaFree(zeroed));
    return 0;
}
