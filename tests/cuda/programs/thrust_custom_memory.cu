// Memory from elsewhere: an allocator for passing memory that keeps what it had, a pool, and a vector that is not initialised.
#include <cstdio>
#include <map>

#include <cuda_runtime.h>
#include <thrust/device_malloc_allocator.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/mr/allocator.h>
#include <thrust/mr/disjoint_pool.h>
#include <thrust/mr/new.h>
#include <thrust/reduce.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/system/cuda/execution_policy.h>
#include <thrust/system/cuda/memory.h>
#include <thrust/system/cuda/memory_resource.h>

// Keeps what is given back for whoever wants as much again.
struct Cache {
    using value_type = char;
    std::multimap<std::ptrdiff_t, char *> idle;
    std::map<char *, std::ptrdiff_t> busy;
    int asked = 0;

    char *allocate(std::ptrdiff_t size) {
        ++asked;
        char *memory;
        const auto found = idle.find(size);
        if (found != idle.end()) {
            memory = found->second;
            idle.erase(found);
        } else {
            memory = thrust::cuda::malloc<char>(size).get();
        }
        busy[memory] = size;
        return memory;
    }
    void deallocate(char *memory, std::size_t) {
        idle.emplace(busy[memory], memory);
        busy.erase(memory);
    }
    ~Cache() {
        for (const auto &entry : idle) thrust::cuda::free(thrust::cuda::pointer<char>(entry.second));
    }
};

template <class T>
struct Uninitialized : thrust::device_malloc_allocator<T> {
    template <class U>
    struct rebind {
        using other = Uninitialized<U>;
    };
    __host__ __device__ void construct(T *) {}
};

int main() {
    int wrong = 0;
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    {
        Cache cache;
        thrust::device_vector<int> values(5000);
        for (int round = 0; round < 3; ++round) {
            thrust::sequence(values.begin(), values.end(), 5000, -1);
            thrust::sort(thrust::cuda::par(cache).on(stream), values.begin(), values.end());
            wrong += values[0] != 1 || values[4999] != 5000;
            wrong += thrust::reduce(thrust::cuda::par(cache), values.begin(), values.end()) != 5000 * 5001 / 2;
        }
        wrong += cache.asked == 0 || !cache.busy.empty();
    }
    using Pool = thrust::mr::disjoint_unsynchronized_pool_resource<thrust::cuda::memory_resource, thrust::mr::new_delete_resource>;
    Pool pool;
    for (int round = 1; round < 5; ++round) {
        thrust::device_vector<int, thrust::mr::allocator<int, Pool>> pooled(round * 10, round, thrust::mr::allocator<int, Pool>(&pool));
        wrong += thrust::reduce(pooled.begin(), pooled.end()) != round * round * 10;
    }
    thrust::device_vector<int, Uninitialized<int>> bare(100);
    thrust::sequence(bare.begin(), bare.end());
    wrong += bare[99] != 99;
    cudaStreamDestroy(stream);
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
