// The error codes of arrays, textures and surfaces that cannot be.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
#define REFUSED(call, code)                                                                   \
    do {                                                                                      \
        cudaError_t status = (call);                                                          \
        if (status != (code) || cudaGetLastError() != (code)) {                               \
            printf("line %d: %s, not %s\n", __LINE__, cudaGetErrorName(status), #code);      \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

int main() {
    cudaArray_t array, plain;
    cudaChannelFormatDesc three = cudaCreateChannelDesc(32, 32, 32, 0, cudaChannelFormatKindFloat);
    cudaChannelFormatDesc uneven = cudaCreateChannelDesc(8, 16, 0, 0, cudaChannelFormatKindUnsigned);
    cudaChannelFormatDesc none = cudaCreateChannelDesc<double>();   // no such elements
    cudaChannelFormatDesc real = cudaCreateChannelDesc<float>(), whole = cudaCreateChannelDesc<int>(), byte = cudaCreateChannelDesc<unsigned char>();
    REFUSED(cudaMallocArray(&array, &three, 8, 8), cudaErrorInvalidChannelDescriptor);
    REFUSED(cudaMallocArray(&array, &uneven, 8, 8), cudaErrorInvalidChannelDescriptor);
    REFUSED(cudaMallocArray(&array, &none, 8, 8), cudaErrorInvalidChannelDescriptor);
    REFUSED(cudaMallocArray(&array, &real, 0, 8), cudaErrorInvalidValue);
    REFUSED(cudaMallocArray(nullptr, &real, 8, 8), cudaErrorInvalidValue);
    REFUSED(cudaMallocArray(&array, &real, 8, 8, cudaArrayLayered), cudaErrorInvalidValue);
    REFUSED(cudaMalloc3DArray(&array, &real, make_cudaExtent(8, 0, 8)), cudaErrorInvalidValue);
    REFUSED(cudaMalloc3DArray(&array, &real, make_cudaExtent(8, 4, 6), cudaArrayCubemap), cudaErrorInvalidValue);
    REFUSED(cudaMalloc3DArray(&array, &real, make_cudaExtent(8, 8, 7), cudaArrayCubemap | cudaArrayLayered), cudaErrorInvalidValue);

    // Beyond what the device says of itself.
    cudaDeviceProp device;
    CHECK(cudaGetDeviceProperties(&device, 0));
    if (device.maxTexture1D < 65536 || device.maxTexture2D[0] < 65536 || device.maxTexture3D[2] < 2048 || device.textureAlignment == 0) return 2;
    int width;
    CHECK(cudaDeviceGetAttribute(&width, cudaDevAttrMaxTexture2DWidth, 0));
    if (width != device.maxTexture2D[0]) return 3;
    REFUSED(cudaMallocArray(&array, &byte, device.maxTexture1D + 1), cudaErrorInvalidValue);
    REFUSED(cudaMallocArray(&array, &byte, device.maxTexture2D[0] + 1, 2), cudaErrorInvalidValue);
    REFUSED(cudaMallocArray(&array, &byte, 2, device.maxTexture2D[1] + 1), cudaErrorInvalidValue);
    REFUSED(cudaMalloc3DArray(&array, &byte, make_cudaExtent(2, 2, device.maxTexture2DLayered[2] + 1), cudaArrayLayered), cudaErrorInvalidValue);

    CHECK(cudaMallocArray(&plain, &whole, 16, 16));
    cudaResourceDesc resource = {};
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    cudaSurfaceObject_t surface;
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = plain;
    REFUSED(cudaCreateTextureObject(nullptr, &resource, &how, nullptr), cudaErrorInvalidValue);
    REFUSED(cudaCreateTextureObject(&texture, nullptr, &how, nullptr), cudaErrorInvalidValue);
    REFUSED(cudaCreateTextureObject(&texture, &resource, nullptr, nullptr), cudaErrorInvalidValue);
    how.filterMode = cudaFilterModeLinear;   // of integers, read as they are
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidFilterSetting);
    how.filterMode = cudaFilterModePoint;
    REFUSED(cudaCreateSurfaceObject(&surface, &resource), cudaErrorInvalidValue);   // no cudaArraySurfaceLoadStore
    resource.res.array.array = nullptr;
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);

    float *data;
    CHECK(cudaMalloc(&data, 1 << 16));
    resource = {};
    resource.resType = cudaResourceTypeLinear;
    resource.res.linear.desc = real;
    resource.res.linear.sizeInBytes = 4096;
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);   // no memory
    resource.res.linear.devPtr = data + 1;
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);   // not aligned
    resource.res.linear.devPtr = data + device.textureAlignment / sizeof(float);
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    CHECK(cudaDestroyTextureObject(texture));
    resource.res.linear.sizeInBytes = 0;
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);
    REFUSED(cudaCreateSurfaceObject(&surface, &resource), cudaErrorInvalidValue);   // surfaces are of arrays

    resource = {};
    resource.resType = cudaResourceTypePitch2D;
    resource.res.pitch2D.devPtr = data;
    resource.res.pitch2D.desc = real;
    resource.res.pitch2D.width = 20;
    resource.res.pitch2D.height = 8;
    resource.res.pitch2D.pitchInBytes = 20 * sizeof(float);
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);   // its pitch
    resource.res.pitch2D.pitchInBytes = 96;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    CHECK(cudaDestroyTextureObject(texture));
    resource.res.pitch2D.height = device.maxTexture2DLinear[1] + 1;
    REFUSED(cudaCreateTextureObject(&texture, &resource, &how, nullptr), cudaErrorInvalidValue);
    CHECK(cudaFree(data));
    CHECK(cudaFreeArray(plain));
    return 0;
}
