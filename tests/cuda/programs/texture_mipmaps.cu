// A chain of mipmaps, each level made from the one before by a kernel, read by level: between levels, clamped, with a bias.
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

// The mean of 2 x 2 texels, by one fetch at their common corner.
__global__ void halve(cudaTextureObject_t finer, cudaSurfaceObject_t coarser, int w, int h) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < w && y < h) surf2Dwrite(tex2D<float>(finer, (x + 0.5f) / w, (y + 0.5f) / h), coarser, x * (int)sizeof(float), y);
}

__global__ void look(cudaTextureObject_t image, const float *levels, float u, float v, float *out) {
    out[threadIdx.x] = tex2DLod<float>(image, u, v, levels[threadIdx.x]);
}

static cudaResourceDesc resource_of(cudaArray_t array) {
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    return resource;
}

int main() {
    const int w = 32, h = 16, levels = 6;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaMipmappedArray_t mipmaps;
    CHECK(cudaMallocMipmappedArray(&mipmaps, &format, make_cudaExtent(w, h, 0), 99, cudaArraySurfaceLoadStore));   // as many as there can be
    cudaArray_t array;
    if (cudaGetMipmappedArrayLevel(&array, mipmaps, levels) != cudaErrorInvalidValue) return 1;
    cudaGetLastError();

    std::vector<std::vector<float>> model(1, std::vector<float>(w * h));
    for (int i = 0; i < w * h; ++i) model[0][i] = (float)(i * 37 % 256);
    CHECK(cudaGetMipmappedArrayLevel(&array, mipmaps, 0));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, model[0].data(), w * sizeof(float), w * sizeof(float), h, cudaMemcpyHostToDevice));
    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    description.normalizedCoords = 1;
    for (int level = 1, lw = w / 2, lh = h / 2; level < levels; ++level, lw /= 2, lh = lh > 1 ? lh / 2 : 1) {
        cudaArray_t finer, coarser;
        CHECK(cudaGetMipmappedArrayLevel(&finer, mipmaps, level - 1));
        CHECK(cudaGetMipmappedArrayLevel(&coarser, mipmaps, level));
        cudaExtent extent;
        CHECK(cudaArrayGetInfo(nullptr, &extent, nullptr, coarser));
        if ((int)extent.width != lw || (int)extent.height != lh || extent.depth != 0) return 2;
        cudaResourceDesc from = resource_of(finer), to = resource_of(coarser);
        cudaTextureObject_t texture;
        cudaSurfaceObject_t surface;
        CHECK(cudaCreateTextureObject(&texture, &from, &description, nullptr));
        CHECK(cudaCreateSurfaceObject(&surface, &to));
        halve<<<dim3((lw + 7) / 8, (lh + 7) / 8), dim3(8, 8)>>>(texture, surface, lw, lh);
        CHECK(cudaGetLastError());
        CHECK(cudaDestroyTextureObject(texture));
        CHECK(cudaDestroySurfaceObject(surface));
        // Rows are no longer halved once there is one.
        const std::vector<float> &f = model[level - 1];
        const int fw = lw * 2, rows = (int)f.size() / fw > lh ? 2 : 1;
        std::vector<float> c(lw * lh);
        for (int y = 0; y < lh; ++y)
            for (int x = 0; x < lw; ++x) {
                float sum = 0;
                for (int dy = 0; dy < rows; ++dy) sum += f[(y * rows + dy) * fw + 2 * x] + f[(y * rows + dy) * fw + 2 * x + 1];
                c[y * lw + x] = sum / (2 * rows);
            }
        std::vector<float> back(lw * lh);
        CHECK(cudaMemcpy2DFromArray(back.data(), lw * sizeof(float), coarser, 0, 0, lw * sizeof(float), lh, cudaMemcpyDeviceToHost));
        if (back != c) return 3;
        model.push_back(c);
    }

    cudaResourceDesc all = {};
    all.resType = cudaResourceTypeMipmappedArray;
    all.res.mipmap.mipmap = mipmaps;
    description.filterMode = cudaFilterModePoint;
    description.mipmapFilterMode = cudaFilterModeLinear;
    description.minMipmapLevelClamp = 0.5f;
    description.maxMipmapLevelClamp = 4.25f;
    description.mipmapLevelBias = 0.25f;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &all, &description, nullptr));
    const float asked[] = {-3, 0, 0.75f, 1.5f, 1.75f, 2.5f, 3.75f, 9};
    const int n = sizeof asked / sizeof *asked;
    float *at, *out, found[n];
    CHECK(cudaMalloc(&at, sizeof asked));
    CHECK(cudaMalloc(&out, sizeof found));
    CHECK(cudaMemcpy(at, asked, sizeof asked, cudaMemcpyHostToDevice));
    const float u = 0.65f, v = 0.3f;
    auto texel = [&](int level) {
        const int lw = w >> level, lh = h >> level ? h >> level : 1;
        return model[level][(int)(v * lh) * lw + (int)(u * lw)];
    };
    look<<<1, n>>>(texture, at, u, v, out);
    CHECK(cudaMemcpy(found, out, sizeof found, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        const float level = fminf(fmaxf(asked[i] + 0.25f, 0.5f), 4.25f), part = level - floorf(level);
        const float want = texel((int)level) * (1 - part) + (part ? texel((int)level + 1) * part : 0);
        if (fabsf(found[i] - want) > 1e-4f) {
            printf("level %g: %g, not %g\n", asked[i], found[i], want);
            return 4;
        }
    }
    CHECK(cudaDestroyTextureObject(texture));
    description.mipmapFilterMode = cudaFilterModePoint;   // the nearest level
    description.mipmapLevelBias = description.minMipmapLevelClamp = 0;
    description.maxMipmapLevelClamp = levels - 1;
    CHECK(cudaCreateTextureObject(&texture, &all, &description, nullptr));
    look<<<1, n>>>(texture, at, u, v, out);
    CHECK(cudaMemcpy(found, out, sizeof found, cudaMemcpyDeviceToHost));
    const int nearest[] = {0, 0, 1, -1, 2, -1, 4, 5};   // -1: halfway
    for (int i = 0; i < n; ++i)
        if (nearest[i] >= 0 && found[i] != texel(nearest[i])) return 5;
    CHECK(cudaDestroyTextureObject(texture));
    description.normalizedCoords = 0;   // levels differ in size
    if (cudaCreateTextureObject(&texture, &all, &description, nullptr) != cudaErrorInvalidValue) return 6;
    cudaGetLastError();
    CHECK(cudaFreeMipmappedArray(mipmaps));
    CHECK(cudaFree(at));
    CHECK(cudaFree(out));
    return 0;
}
