// Tensor cores. The lanes of a warp meet, each with the address of what it holds; the first that goes on does the work of all.
//
// Rounding (PTX ISA, mma: "accumulation … with at least single precision"; the order is not told): products are exact, and are
// added one after the other, along k, to the accumulator in single precision; a half is made of the sum in the end. Doubles
// take one fma for each product, whole numbers are exact.
#include <emulate/matrix.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "errors.h"
#include "hooks.h"
#include "worker.h"

using namespace emulate;
using namespace emulate::matrix;

#define HERE __builtin_return_address(0)

namespace {

constexpr uint32_t whole_warp = ~0u;
// As kinds of meetings: none that another file uses.
enum Collective : uint8_t { multiplication = 64, load, store, rows_load, rows_store, transposition };

// A meeting of all lanes at one instruction. "The mandatory .aligned qualifier indicates that all threads in the warp must
// execute the same instruction": without that the result is undefined, and here the grid ends.
Meeting &meet_all(Collective kind, uint64_t value, const void *pc) {
    Thread &self = *current;
    Meeting &meeting = Worker::here().meet(whole_warp, kind, value, kind, pc);
    Thread *const warp = self.block->all + (self.linear - self.lane);
    if (meeting.arrived != whole_warp) {
        check::bad_mask(self, meeting.arrived, pc, "all lanes of the warp take part, and some have ended or never were");
        abandon(cudaErrorLaunchFailure);
    }
    for (uint32_t lane = 0; lane < warp_size; ++lane)
        if (meeting.extra[lane] != kind) {
            check::bad_mask(self, whole_warp, pc, "lanes of the warp execute different instructions");
            abandon(cudaErrorLaunchFailure);
        }
    if (meeting.place != pc) check::divergent_barrier(self, pc, warp[self.lane == 0], meeting.place, false);
    return meeting;
}

// A small float by its bits: 2^112 turns the exponent's bias of 15 into that of 127, subnormal numbers included.
float from_half(uint16_t half) {
    const uint32_t magnitude = (half & 0x7fffu) << 13, sign = (half & 0x8000u) << 16;
    const float value = (half & 0x7c00) == 0x7c00 ? __builtin_bit_cast(float, magnitude | 0x7f800000u) : __builtin_bit_cast(float, magnitude) * 0x1p112f;
    return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, value) | sign);
}

// Bias 7, no infinities, one NaN (OCP, "8-bit Floating Point Specification").
float from_e4m3(uint8_t bits) {
    const float value = (bits & 0x7f) == 0x7f ? NAN : __builtin_bit_cast(float, (bits & 0x7fu) << 20) * 0x1p120f;
    return bits & 0x80 ? -value : value;
}

template <class T>
T at(const void *elements, unsigned i) {
    T value;
    memcpy(&value, static_cast<const char *>(elements) + i * sizeof(T), sizeof value);
    return value;
}

template <class T>
T decoded(Element element, const void *elements, unsigned i) {
    switch (element) {
        case Element::f16: return static_cast<T>(from_half(at<uint16_t>(elements, i)));
        case Element::bf16: return static_cast<T>(__builtin_bit_cast(float, uint32_t{at<uint16_t>(elements, i)} << 16));
        case Element::tf32: return static_cast<T>(__builtin_bit_cast(float, at<uint32_t>(elements, i) & ~0x1fffu));   // the rest is not looked at
        case Element::f32: return static_cast<T>(at<float>(elements, i));
        case Element::f64: return static_cast<T>(at<double>(elements, i));
        case Element::s8: return static_cast<T>(at<int8_t>(elements, i));
        case Element::u8: return static_cast<T>(at<uint8_t>(elements, i));
        case Element::s32: return static_cast<T>(at<int32_t>(elements, i));
        case Element::e4m3: return static_cast<T>(from_e4m3(at<uint8_t>(elements, i)));
        case Element::e5m2: return static_cast<T>(from_half(static_cast<uint16_t>(at<uint8_t>(elements, i) << 8)));
    }
    return T();
}

template <class T>
void put(void *elements, unsigned i, T value) {
    memcpy(static_cast<char *>(elements) + i * sizeof(T), &value, sizeof value);
}

template <class T>
void encode(const Product &product, void *elements, unsigned i, T value) {
    switch (product.d) {
        case Element::f16: return put(elements, i, static_cast<_Float16>(static_cast<float>(value)));
        case Element::f32: return put(elements, i, static_cast<float>(value));
        case Element::f64: return put(elements, i, static_cast<double>(value));
        default: {
            const auto sum = static_cast<int64_t>(value);
            return put(elements, i, static_cast<int32_t>(product.saturate ? std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX) : sum));
        }
    }
}

// What one lane brings.
struct Held {
    const void *a, *b, *c;
    void *d;
};

// T is what the sum is kept in.
template <class T>
void multiply_all(const Product &p, const Meeting &meeting) {
    constexpr unsigned most = 512;   // elements of a multiplicand: 32x16
    static thread_local T a[most], b[most], c[most];
    const unsigned beside_a = side_by_side(p.a), beside_b = side_by_side(p.b), beside = accumulated_side_by_side;
    const auto held = [&](unsigned lane) -> const Held & { return *reinterpret_cast<const Held *>(meeting.values[lane]); };
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        for (unsigned i = 0; i < p.m * p.k / warp_size; ++i) {
            const Place to = place(p.m, beside_a, lane, i);
            a[to.row * p.k + to.column] = decoded<T>(p.a, held(lane).a, i);
        }
        for (unsigned i = 0; i < p.k * p.n / warp_size; ++i) {
            const Place to = place_of_b(p.k, beside_b, lane, i);
            b[to.row * p.n + to.column] = decoded<T>(p.b, held(lane).b, i);
        }
        for (unsigned i = 0; i < p.m * p.n / warp_size; ++i) {
            const Place to = place(p.m, beside, lane, i);
            c[to.row * p.n + to.column] = decoded<T>(p.c, held(lane).c, i);
        }
    }
    for (unsigned row = 0; row < p.m; ++row)
        for (unsigned inner = 0; inner < p.k; ++inner) {
            const T factor = a[row * p.k + inner];
            const T *const from = b + inner * p.n;
            T *const to = c + row * p.n;
            for (unsigned column = 0; column < p.n; ++column) {
                if constexpr (std::is_same_v<T, double>) to[column] = std::fma(factor, from[column], to[column]);
                else to[column] += factor * from[column];
            }
        }
    for (unsigned lane = 0; lane < warp_size; ++lane)
        for (unsigned i = 0; i < p.m * p.n / warp_size; ++i) {
            const Place from = place(p.m, beside, lane, i);
            encode(p, held(lane).d, i, c[from.row * p.n + from.column]);
        }
}

void begin(Collective kind, const void *address, unsigned alignment, unsigned distance, const void *pc) {
    const unsigned stride = std::min(alignment, 16u);   // "multiple of 16 bytes in both cases", halves and floats (load_matrix_sync)
    if (reinterpret_cast<uintptr_t>(address) % alignment != 0) check::misaligned(address, "a matrix needs an address that is a multiple of ", alignment, pc);
    else if (distance % stride != 0) check::misaligned(address, "the distance of a matrix's rows or columns must be, in bytes, a multiple of ", stride, pc);
    // "The values of mptr, ldm, layout … must be the same for all threads in the warp."
    const uint64_t same = reinterpret_cast<uintptr_t>(address) ^ uint64_t{distance} << 48;
    Meeting &meeting = meet_all(kind, same, pc);
    if (meeting.values[current->lane == 0] != same) check::bad_mask(*current, whole_warp, pc, "lanes of the warp give different addresses or distances of one matrix");
    Worker::here().leave(meeting);
}

constexpr unsigned row_bytes = 16;   // of a matrix of 8x8 elements of 16 bits

// The place in memory of the register that a lane has of a matrix, in pieces: its only one, or its two elements of a column.
template <class Touch>
void each_piece(const Meeting &meeting, unsigned matrix, bool transposed, uint32_t lane, Touch touch) {
    const auto row = [&](unsigned i) { return reinterpret_cast<char *>(meeting.values[matrix * 8 + i]); };
    if (!transposed) return touch(row(lane / 4) + lane % 4 * 4, 0u, 4u);
    for (unsigned i = 0; i < 2; ++i) touch(row(lane % 4 * 2 + i) + lane / 4 * 2, i * 2, 2u);
}

Meeting &meet_rows(Collective kind, const void *row, unsigned count, const void *pc) {
    if (current->lane < count * 8 && reinterpret_cast<uintptr_t>(row) % row_bytes != 0) {
        check::misaligned(row, "a row of a matrix needs an address that is a multiple of ", row_bytes, pc);
        abandon(cudaErrorMisalignedAddress);
    }
    return meet_all(kind, reinterpret_cast<uintptr_t>(row), pc);
}

}  // namespace

namespace emulate::matrix {

void multiply(const Product &product, const void *a, const void *b, const void *c, void *d) {
    const Held held{a, b, c, d};
    Meeting &meeting = meet_all(multiplication, reinterpret_cast<uintptr_t>(&held), HERE);
    if (meeting.present == meeting.arrived) {   // the first: the others' operands are all still there
        if (product.c == Element::s32) multiply_all<int64_t>(product, meeting);
        else if (product.c == Element::f64) multiply_all<double>(product, meeting);
        else multiply_all<float>(product, meeting);
    }
    Worker::here().leave(meeting);
}

void begin_load(const void *address, unsigned alignment, unsigned distance) { begin(load, address, alignment, distance, HERE); }
void begin_store(const void *address, unsigned alignment, unsigned distance) { begin(store, address, alignment, distance, HERE); }

void load_rows(unsigned *registers, unsigned count, bool transposed, const void *row) {
    const void *const pc = HERE;
    const uint32_t lane = current->lane;
    Meeting &meeting = meet_rows(rows_load, row, count, pc);
    for (unsigned matrix = 0; matrix < count; ++matrix)
        each_piece(meeting, matrix, transposed, lane, [&](const char *from, unsigned at, unsigned size) {
            check::device_access(from, size, false, pc);
            memcpy(reinterpret_cast<char *>(registers + matrix) + at, from, size);
        });
    Worker::here().leave(meeting);
}

void store_rows(const unsigned *registers, unsigned count, bool transposed, void *row) {
    const void *const pc = HERE;
    const uint32_t lane = current->lane;
    Meeting &meeting = meet_rows(rows_store, row, count, pc);
    for (unsigned matrix = 0; matrix < count; ++matrix)
        each_piece(meeting, matrix, transposed, lane, [&](char *to, unsigned at, unsigned size) {
            check::device_access(to, size, true, pc);
            memcpy(to, reinterpret_cast<const char *>(registers + matrix) + at, size);
        });
    Worker::here().leave(meeting);
}

unsigned transpose(unsigned value) {
    const uint32_t lane = current->lane;
    Meeting &meeting = meet_all(transposition, value, HERE);
    unsigned result = 0;
    for (unsigned i = 0; i < 2; ++i) {   // element (row, column) of the result is (column, row) of what the lanes hold
        const unsigned row = lane % 4 * 2 + i, column = lane / 4;
        result |= (static_cast<unsigned>(meeting.values[row * 4 + column / 2]) >> column % 2 * 16 & 0xffff) << i * 16;
    }
    Worker::here().leave(meeting);
    return result;
}

}  // namespace emulate::matrix
