// Surfaces of every shape: each element is written by the kernel with its own number, read by another one, and copied back.
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
const int W = 6, H = 6, D = 12;

__device__ unsigned number(int x, int y, int z) { return (z * H + y) * W + x + 1; }

// All shapes in one kernel: which one is a parameter.
__global__ void write(cudaSurfaceObject_t s, int shape) {
    int x = threadIdx.x, y = threadIdx.y, z = blockIdx.x, at = x * (int)sizeof(unsigned);
    unsigned v = number(x, y, z);
    switch (shape) {
        case 0: surf1Dwrite(v, s, at); break;
        case 1: surf2Dwrite(v, s, at, y); break;
        case 2: surf3Dwrite(v, s, at, y, z); break;
        case 3: surf1DLayeredwrite(v, s, at, z); break;
        case 4: surf2DLayeredwrite(v, s, at, y, z); break;
        case 5: surfCubemapwrite(v, s, at, y, z); break;
        case 6: surfCubemapLayeredwrite(v, s, at, y, z); break;
    }
}

__global__ void addOne(cudaSurfaceObject_t from, cudaSurfaceObject_t to, int shape) {
    int x = threadIdx.x, y = threadIdx.y, z = blockIdx.x, at = x * (int)sizeof(unsigned);
    unsigned v = 0;
    switch (shape) {
        case 0: surf1Dread(&v, from, at); surf1Dwrite(v + 1, to, at); break;
        case 1: v = surf2Dread<unsigned>(from, at, y); surf2Dwrite<unsigned>(v + 1, to, at, y); break;
        case 2: v = surf3Dread<unsigned>(from, at, y, z); surf3Dwrite(v + 1, to, at, y, z); break;
        case 3: v = surf1DLayeredread<unsigned>(from, at, z); surf1DLayeredwrite(v + 1, to, at, z); break;
        case 4: v = surf2DLayeredread<unsigned>(from, at, y, z); surf2DLayeredwrite(v + 1, to, at, y, z); break;
        case 5: v = surfCubemapread<unsigned>(from, at, y, z); surfCubemapwrite(v + 1, to, at, y, z); break;
        case 6: v = surfCubemapLayeredread<unsigned>(from, at, y, z); surfCubemapLayeredwrite(v + 1, to, at, y, z); break;
    }
}

int main() {
    struct Case {
        cudaExtent extent;
        unsigned flags;
        int rows, planes;
    };
    const Case cases[] = {
        {make_cudaExtent(W, 0, 0), 0, 1, 1},
        {make_cudaExtent(W, H, 0), 0, H, 1},
        {make_cudaExtent(W, H, D), 0, H, D},
        {make_cudaExtent(W, 0, D), cudaArrayLayered, 1, D},
        {make_cudaExtent(W, H, D), cudaArrayLayered, H, D},
        {make_cudaExtent(W, H, 6), cudaArrayCubemap, H, 6},
        {make_cudaExtent(W, H, D), cudaArrayCubemap | cudaArrayLayered, H, D},
    };
    cudaChannelFormatDesc format = cudaCreateChannelDesc<unsigned>();
    for (int shape = 0; shape < 7; ++shape) {
        const Case &c = cases[shape];
        cudaArray_t arrays[2];
        cudaSurfaceObject_t surfaces[2];
        for (int i = 0; i < 2; ++i) {
            CHECK(cudaMalloc3DArray(&arrays[i], &format, c.extent, c.flags | cudaArraySurfaceLoadStore));
            cudaResourceDesc resource = {};
            resource.resType = cudaResourceTypeArray;
            resource.res.array.array = arrays[i];
            CHECK(cudaCreateSurfaceObject(&surfaces[i], &resource));
        }
        write<<<c.planes, dim3(W, c.rows)>>>(surfaces[0], shape);
        addOne<<<c.planes, dim3(W, c.rows)>>>(surfaces[0], surfaces[1], shape);
        std::vector<unsigned> back(W * c.rows * c.planes);
        cudaMemcpy3DParms copy = {};
        copy.srcArray = arrays[1];
        copy.dstPtr = make_cudaPitchedPtr(back.data(), W * sizeof(unsigned), W, c.rows);
        copy.extent = make_cudaExtent(W, c.rows, c.planes);
        copy.kind = cudaMemcpyDeviceToHost;
        CHECK(cudaMemcpy3D(&copy));
        for (int z = 0; z < c.planes; ++z)
            for (int y = 0; y < c.rows; ++y)
                for (int x = 0; x < W; ++x)
                    if (back[(z * c.rows + y) * W + x] != (unsigned)((z * H + y) * W + x + 2)) {
                        printf("shape %d at %d, %d, %d: %u\n", shape, x, y, z, back[(z * c.rows + y) * W + x]);
                        return 1;
                    }
        for (int i = 0; i < 2; ++i) {
            CHECK(cudaDestroySurfaceObject(surfaces[i]));
            CHECK(cudaFreeArray(arrays[i]));
        }
    }
    return 0;
}
