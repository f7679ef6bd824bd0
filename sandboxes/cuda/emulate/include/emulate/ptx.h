// What ptx.py makes of inline assembly: instructions of PTX whose results C++ has no word for (PTX ISA, "Instruction Set").
#pragma once
#include <type_traits>
#include <emulate/matrix.h>
#include <emulate/async.h>
#include <emulate/barrier.h>

namespace emulate::ptx {

// Addresses of shared memory as the state space has them: offsets in a window below the end of the OS thread's own storage,
// which is where shared memory lies. They fit into 32 bits and are as aligned as the generic addresses are.
constexpr unsigned long long shared_window = 1 << 24;   // bytes: more than all shared memory of a program
EMULATE_INLINE unsigned long long shared_begin() {
    unsigned long long end;
    asm("movq %%fs:0, %0" : "=r"(end));   // x86-64 psABI, thread-local storage, variant II
    return end - shared_window;
}
EMULATE_INLINE unsigned long long shared_of(unsigned long long generic) { return generic - shared_begin(); }
EMULATE_INLINE unsigned long long generic_of(unsigned long long shared) { return shared_begin() + shared; }

// What `.ftz` makes of a subnormal number.
EMULATE_INLINE float flushed(float value) { return fabsf(value) < __FLT_MIN__ ? copysignf(0, value) : value; }

// Conversions by bits: to the nearest, ties to even.
EMULATE_INLINE unsigned short bits_of_half(float value) { return __builtin_bit_cast(unsigned short, static_cast<_Float16>(value)); }
EMULATE_INLINE float of_half(unsigned short bits) { return static_cast<float>(__builtin_bit_cast(_Float16, bits)); }
// What a function makes of numbers in double precision: the products of halves, and most of their sums, are exact there.
template <class Function>
EMULATE_INLINE unsigned short of_halves(unsigned short a, unsigned short b, Function function) {
    return __builtin_bit_cast(unsigned short, static_cast<_Float16>(function(of_half(a), of_half(b))));
}
template <class Function>
EMULATE_INLINE unsigned short of_halves(unsigned short a, unsigned short b, unsigned short c, Function function) {
    return __builtin_bit_cast(unsigned short, static_cast<_Float16>(function(of_half(a), of_half(b), of_half(c))));
}
template <class Function>
EMULATE_INLINE unsigned of_pairs(unsigned a, unsigned b, Function function) {
    return static_cast<unsigned>(of_halves(a >> 16, b >> 16, function)) << 16 | of_halves(a & 0xffff, b & 0xffff, function);
}
template <class Function>
EMULATE_INLINE unsigned of_pairs(unsigned a, unsigned b, unsigned c, Function function) {
    return static_cast<unsigned>(of_halves(a >> 16, b >> 16, c >> 16, function)) << 16 | of_halves(a & 0xffff, b & 0xffff, c & 0xffff, function);
}
EMULATE_INLINE unsigned short bits_of_bfloat16(float value) {
    const unsigned bits = __builtin_bit_cast(unsigned, value);
    if (value != value) return 0x7fff;
    return static_cast<unsigned short>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
EMULATE_INLINE unsigned bits_of_tf32(float value) { return __builtin_bit_cast(unsigned, to_tf32(value)); }

// An operand of `asm` as the register that its constraint names; nvcc wants the sizes to agree.
template <class To, class From>
EMULATE_INLINE To in(From value) {
    static_assert(sizeof(To) == sizeof(From), "an operand of asm is not as large as its constraint says");
    return __builtin_bit_cast(To, value);
}
template <class To, class From>
EMULATE_INLINE void out(To &to, From value) {
    static_assert(sizeof(To) == sizeof(From), "an operand of asm is not as large as its constraint says");
    to = __builtin_bit_cast(std::remove_cv_t<To>, value);
}

template <class T>
constexpr unsigned bits = sizeof(T) * 8;
template <class T>
using Unsigned = std::make_unsigned_t<T>;
template <class T>
using Wide = std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed<T>::value, int, unsigned>,
             std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed<T>::value, long long, unsigned long long>,
                                std::conditional_t<std::is_signed<T>::value, __int128, unsigned __int128>>>;

template <class T>
EMULATE_INLINE T low(T a, T b) { return static_cast<T>(static_cast<Unsigned<Wide<T>>>(a) * static_cast<Unsigned<Wide<T>>>(b)); }
template <class T>
EMULATE_INLINE T high(T a, T b) { return static_cast<T>(static_cast<Wide<T>>(a) * b >> bits<T>); }
template <class T>
EMULATE_INLINE Wide<T> wide(T a, T b) { return static_cast<Wide<T>>(a) * b; }

// Shifts by more than there are bits leave nothing, or the sign.
template <class T>
EMULATE_INLINE T left(T a, unsigned by) { return by >= bits<T> ? 0 : static_cast<T>(static_cast<Unsigned<T>>(a) << by); }
template <class T>
EMULATE_INLINE T right(T a, unsigned by) { return by >= bits<T> ? (a < 0 ? -1 : 0) : static_cast<T>(a >> by); }
template <class T>
EMULATE_INLINE T extract(T a, unsigned position, unsigned length) {
    position &= 255, length &= 255;
    const unsigned last = position + length - 1 < bits<T> - 1 ? position + length - 1 : bits<T> - 1;
    const bool sign = std::is_signed<T>::value && length != 0 && static_cast<Unsigned<T>>(a) >> last & 1;
    Unsigned<T> result = 0;
    for (unsigned i = 0; i < bits<T>; ++i) {
        const bool bit = i < length && position + i < bits<T> ? static_cast<Unsigned<T>>(a) >> (position + i) & 1 : sign;
        result |= static_cast<Unsigned<T>>(bit) << i;
    }
    return static_cast<T>(result);
}
template <class T>
EMULATE_INLINE T insert(T what, T into, unsigned position, unsigned length) {
    position &= 255, length &= 255;
    for (unsigned i = 0; i < length && position + i < bits<T>; ++i)
        into = (into & ~(T{1} << (position + i))) | (what >> i & 1) << (position + i);
    return into;
}

// lop3: bit `a*4 + b*2 + c` of the table is the result for these three bits.
EMULATE_INLINE unsigned logic(unsigned a, unsigned b, unsigned c, unsigned table) {
    unsigned result = 0;
    for (unsigned i = 0; i < 8; ++i)
        if (table >> i & 1) result |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
    return result;
}
template <class T>
EMULATE_INLINE T distance(T a, T b) { return static_cast<T>(a > b ? static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b) : static_cast<Unsigned<T>>(b) - static_cast<Unsigned<T>>(a)); }

// Accesses that order others; the checker knows the compiler's own.
template <class T>
EMULATE_INLINE T load(unsigned long long address, int order) {
    return order == __ATOMIC_ACQUIRE ? __atomic_load_n(reinterpret_cast<const T *>(address), __ATOMIC_ACQUIRE) : __atomic_load_n(reinterpret_cast<const T *>(address), __ATOMIC_RELAXED);
}
template <class T>
EMULATE_INLINE void store(unsigned long long address, T value, int order) {
    order == __ATOMIC_RELEASE ? __atomic_store_n(reinterpret_cast<T *>(address), value, __ATOMIC_RELEASE) : __atomic_store_n(reinterpret_cast<T *>(address), value, __ATOMIC_RELAXED);
}

// The same for a vector of 8 or 16 bytes, which goes as a whole.
void load_vector(void *to, unsigned long long address, unsigned size, int order);
void store_vector(unsigned long long address, const void *from, unsigned size, int order);

// shfl.sync (PTX ISA, "shfl.sync"): `control` has the last lane, or for `up` the first, in bits 0 to 4, and in bits 8 to 12 the
// bits of the lane's number that sources share. `valid`: whether the source was in range; else the value is the lane's own.
template <char mode>
EMULATE_INLINE unsigned shuffle(unsigned value, unsigned by, unsigned control, unsigned mask, bool &valid) {
    const unsigned lane = ::emulate::lane(), bound = control & 31, section = control >> 8 & 31;
    const unsigned least = lane & section, most = least | (bound & ~section);
    const int from = mode == 'u' ? static_cast<int>(lane) - static_cast<int>(by & 31) : mode == 'd' ? lane + (by & 31) : mode == 'b' ? lane ^ (by & 31) : least | (by & 31 & ~section);
    valid = mode == 'u' ? from >= static_cast<int>(most) : from <= static_cast<int>(most);
    return static_cast<unsigned>(::emulate::exchange(mask, value, valid ? from : lane));
}

[[noreturn]] void exit_thread();

// What a header's assembly has no words for here ends the program by name, where it is reached.
[[noreturn]] void refuse(const char *name);

// Special registers that the built-in variables do not tell. A warp's number is one of its multiprocessor's, and no index in
// its block ("%warpid … should be used for diagnostic purposes").
unsigned warp_slot();
unsigned multiprocessor();
unsigned multiprocessors();
unsigned warp_slots();
unsigned dynamic_shared_size();

}  // namespace emulate::ptx

// Addresses of a state space (programming guide, "Address Space Conversion Functions"); global ones are generic ones here.
EMULATE_INLINE size_t __cvta_generic_to_shared(const void *address) { return ::emulate::ptx::shared_of(reinterpret_cast<size_t>(address)); }
EMULATE_INLINE void *__cvta_shared_to_generic(size_t address) { return reinterpret_cast<void *>(::emulate::ptx::generic_of(address)); }
EMULATE_INLINE size_t __cvta_generic_to_global(const void *address) { return reinterpret_cast<size_t>(address); }
EMULATE_INLINE void *__cvta_global_to_generic(size_t address) { return reinterpret_cast<void *>(address); }
