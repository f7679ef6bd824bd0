// Sorting by several keys: structs by a comparison, a zipped triple, and least significant key first with a permutation.
#include <algorithm>
#include <cstdio>
#include <tuple>
#include <vector>

#include <thrust/device_vector.h>
#include <thrust/gather.h>
#include <thrust/host_vector.h>
#include <thrust/iterator/zip_iterator.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/tuple.h>

struct Person {
    int age;
    float height;
    char initial;
};
struct Younger {
    __host__ __device__ bool operator()(const Person &a, const Person &b) const {
        if (a.age != b.age) return a.age < b.age;
        if (a.height != b.height) return a.height > b.height;
        return a.initial < b.initial;
    }
};

template <class T>
static void sort_permutation(const thrust::device_vector<T> &keys, thrust::device_vector<int> &permutation) {
    thrust::device_vector<T> passing(keys.size());
    thrust::gather(permutation.begin(), permutation.end(), keys.begin(), passing.begin());
    thrust::stable_sort_by_key(passing.begin(), passing.end(), permutation.begin());
}

int main() {
    const int n = 700;
    unsigned state = 7;
    auto next = [&](unsigned below) { return (state = state * 1103515245u + 12345u) / 65536u % below; };
    thrust::host_vector<Person> people(n);
    for (Person &person : people) person = {static_cast<int>(next(9)), 1.5f + 0.125f * next(5), static_cast<char>('a' + next(26))};
    std::vector<Person> wanted(people.begin(), people.end());
    std::sort(wanted.begin(), wanted.end(), Younger());
    auto differs = [](const Person &a, const Person &b) { return a.age != b.age || a.height != b.height || a.initial != b.initial; };

    thrust::device_vector<Person> records = people;
    thrust::sort(records.begin(), records.end(), Younger());
    int wrong = 0;
    for (int i = 0; i < n; ++i) wrong += differs(records[i], wanted[i]);

    thrust::host_vector<int> ages(n), initials(n);
    thrust::host_vector<float> heights(n);
    for (int i = 0; i < n; ++i) ages[i] = people[i].age, heights[i] = -people[i].height, initials[i] = people[i].initial;
    thrust::device_vector<int> age = ages, initial = initials, permutation(n);
    thrust::device_vector<float> height = heights;
    thrust::sequence(permutation.begin(), permutation.end());
    sort_permutation(initial, permutation);
    sort_permutation(height, permutation);
    sort_permutation(age, permutation);
    for (int i = 0; i < n; ++i) wrong += differs(people[permutation[i]], wanted[i]);

    auto zipped = thrust::make_zip_iterator(thrust::make_tuple(age.begin(), height.begin(), initial.begin()));
    thrust::sort(zipped, zipped + n);
    for (int i = 0; i < n; ++i) {
        const thrust::tuple<int, float, int> one = zipped[i];
        wrong += thrust::get<0>(one) != wanted[i].age || thrust::get<1>(one) != -wanted[i].height || thrust::get<2>(one) != wanted[i].initial;
    }
    wrong += !thrust::is_sorted(zipped, zipped + n) || !thrust::is_sorted(age.begin(), age.end());
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
