// Every atomic function, and the usual ways to make others of atomicCAS.
#include <cfloat>
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__device__ float atomicMaxFloat(float *address, float val) {
    int *asInt = (int *)address;
    int old = *asInt, assumed;
    do {
        assumed = old;
        old = atomicCAS(asInt, assumed, __float_as_int(fmaxf(val, __int_as_float(assumed))));
    } while (assumed != old);
    return __int_as_float(old);
}

__device__ double atomicAddByCas(double *address, double val) {
    unsigned long long *as = (unsigned long long *)address;
    unsigned long long old = *as, assumed;
    do {
        assumed = old;
        old = atomicCAS(as, assumed, __double_as_longlong(val + __longlong_as_double(assumed)));
    } while (assumed != old);
    return __longlong_as_double(old);
}

struct Cells {
    int add, sub, exch, min, max, inc, dec, cas, band, bor, bxor;
    unsigned umin, umax;
    unsigned long long u64, u64max;
    float f, fmax;
    double d, dcas;
    long long smin;
    unsigned short u16;
};

__global__ void all(Cells *c) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&c->add, i);
    atomicSub(&c->sub, 2);
    atomicExch(&c->exch, 7);
    atomicMin(&c->min, -i);
    atomicMax(&c->max, i);
    atomicInc((unsigned *)&c->inc, 99);
    atomicDec((unsigned *)&c->dec, 99);
    atomicCAS(&c->cas, 0, 5);
    atomicAnd(&c->band, ~(1 << (i % 8)));
    atomicOr(&c->bor, 1 << (i % 8));
    atomicXor(&c->bxor, 1);
    atomicMin(&c->umin, (unsigned)(1000 - i));
    atomicMax(&c->umax, 3000000000u + i);
    atomicAdd(&c->u64, 1ull << 33);
    atomicMax(&c->u64max, (unsigned long long)i << 40);
    atomicAdd(&c->f, 0.5f);
    atomicMaxFloat(&c->fmax, (float)(i % 100));
    atomicAdd(&c->d, 0.25);
    atomicAddByCas(&c->dcas, 0.25);
    atomicMin(&c->smin, (long long)-i);
    atomicCAS(&c->u16, (unsigned short)0, (unsigned short)9);
    atomicAdd_block(&c->add, 0);
    atomicAdd_system(&c->sub, 0);
}

int main() {
    Cells h = {}, *d;
    h.band = 0xffff, h.umin = 5000, h.fmax = -FLT_MAX;
    CHECK(cudaMalloc(&d, sizeof h));
    CHECK(cudaMemcpy(d, &h, sizeof h, cudaMemcpyHostToDevice));
    all<<<4, 128>>>(d);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&h, d, sizeof h, cudaMemcpyDeviceToHost));
    const int n = 512;
    if (h.add != n * (n - 1) / 2 || h.sub != -2 * n || h.exch != 7 || h.min != -(n - 1) || h.max != n - 1) return 1;
    if (h.inc != n % 100 || h.dec != (100 - n % 100) % 100 || h.cas != 5 || h.band != 0xff00 || h.bor != 0xff || h.bxor != 0) return 2;
    if (h.umin != 1000 - 511 || h.umax != 3000000511u || h.u64 != (512ull << 33) || h.u64max != 511ull << 40) return 3;
    if (h.f != 256.0f || h.fmax != 99.0f || h.d != 128.0 || h.dcas != 128.0 || h.smin != -511 || h.u16 != 9) return 4;
    return 0;
}
