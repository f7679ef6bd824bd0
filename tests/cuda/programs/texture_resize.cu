// A bilinear image resize by normalised coordinates and clamping, of 8-bit colours that are read as normalised floats; and
// the same image in pitched memory instead of an array.
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

__global__ void resize(cudaTextureObject_t image, uchar4 *out, int width, int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    float4 c = tex2D<float4>(image, (x + 0.5f) / width, (y + 0.5f) / height);
    out[y * width + x] = make_uchar4((unsigned char)(c.x * 255 + 0.5f), (unsigned char)(c.y * 255 + 0.5f), (unsigned char)(c.z * 255 + 0.5f),
                                     (unsigned char)(c.w * 255 + 0.5f));
}

static int clampTo(int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

static float channel(const std::vector<uchar4> &image, int w, int h, float u, float v, int c) {
    float x = u * w - 0.5f, y = v * h - 0.5f;
    int i = (int)floorf(x), j = (int)floorf(y);
    float a = roundf((x - i) * 256) / 256, b = roundf((y - j) * 256) / 256;
    auto at = [&](int p, int q) { return (&image[clampTo(q, h) * w + clampTo(p, w)].x)[c] / 255.0f; };
    return (1 - a) * (1 - b) * at(i, j) + a * (1 - b) * at(i + 1, j) + (1 - a) * b * at(i, j + 1) + a * b * at(i + 1, j + 1);
}

int main() {
    const int w = 45, h = 33;
    std::vector<uchar4> image(w * h);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) image[y * w + x] = make_uchar4(x * 5, y * 7, (x * y) % 256, (x ^ y) * 3 % 256);
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<uchar4>();
    CHECK(cudaMallocArray(&array, &format, w, h));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, image.data(), w * sizeof(uchar4), w * sizeof(uchar4), h, cudaMemcpyHostToDevice));
    uchar4 *pitched;
    size_t pitch;
    CHECK(cudaMallocPitch(&pitched, &pitch, w * sizeof(uchar4), h));
    CHECK(cudaMemcpy2D(pitched, pitch, image.data(), w * sizeof(uchar4), w * sizeof(uchar4), h, cudaMemcpyHostToDevice));

    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    description.readMode = cudaReadModeNormalizedFloat;
    description.normalizedCoords = 1;
    cudaResourceDesc ofArray = {}, ofPitched = {};
    ofArray.resType = cudaResourceTypeArray;
    ofArray.res.array.array = array;
    ofPitched.resType = cudaResourceTypePitch2D;
    ofPitched.res.pitch2D.devPtr = pitched;
    ofPitched.res.pitch2D.desc = format;
    ofPitched.res.pitch2D.width = w;
    ofPitched.res.pitch2D.height = h;
    ofPitched.res.pitch2D.pitchInBytes = pitch;
    cudaTextureObject_t textures[2];
    CHECK(cudaCreateTextureObject(&textures[0], &ofArray, &description, nullptr));
    CHECK(cudaCreateTextureObject(&textures[1], &ofPitched, &description, nullptr));

    const int sizes[][2] = {{90, 66}, {20, 17}, {45, 33}, {1, 1}, {64, 100}};
    for (auto &size : sizes) {
        const int ow = size[0], oh = size[1];
        uchar4 *out;
        CHECK(cudaMalloc(&out, ow * oh * sizeof(uchar4)));
        std::vector<uchar4> first(ow * oh), second(ow * oh);
        for (int t = 0; t < 2; ++t) {
            resize<<<dim3((ow + 15) / 16, (oh + 15) / 16), dim3(16, 16)>>>(textures[t], out, ow, oh);
            CHECK(cudaGetLastError());
            CHECK(cudaMemcpy((t ? second : first).data(), out, ow * oh * sizeof(uchar4), cudaMemcpyDeviceToHost));
        }
        CHECK(cudaFree(out));
        for (int i = 0; i < ow * oh; ++i) {
            float u = (i % ow + 0.5f) / ow, v = (i / ow + 0.5f) / oh;
            for (int c = 0; c < 4; ++c) {
                float want = channel(image, w, h, u, v, c) * 255;
                if (fabsf((&first[i].x)[c] - want) > 0.51f || (&first[i].x)[c] != (&second[i].x)[c]) {
                    printf("%dx%d pixel %d channel %d: %d and %d, not %g\n", ow, oh, i, c, (&first[i].x)[c], (&second[i].x)[c], want);
                    return 1;
                }
            }
            if (ow == w && oh == h && (first[i].x != image[i].x || first[i].w != image[i].w)) return 2;
        }
    }
    CHECK(cudaDestroyTextureObject(textures[0]));
    CHECK(cudaDestroyTextureObject(textures[1]));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(pitched));
    return 0;
}
