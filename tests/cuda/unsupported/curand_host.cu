// unsupported: curandCreateGenerator
#include <curand.h>
int main() {
    curandGenerator_t generator;
    return curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_DEFAULT);
}
