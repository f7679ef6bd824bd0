// unsupported: cudaMemPoolCreate
int main() {
    cudaMemPool_t pool;
    cudaMemPoolProps props = {};
    return cudaMemPoolCreate(&pool, &props);
}
