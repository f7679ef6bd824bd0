// unsupported: warp matrix functions
#include <mma.h>
__global__ void k(half *a, float *c) {
    nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 16, 16, 16, half, nvcuda::wmma::row_major> fragment;
    nvcuda::wmma::load_matrix_sync(fragment, a, 16);
}
int main() { k<<<1, 32>>>(nullptr, nullptr); }
