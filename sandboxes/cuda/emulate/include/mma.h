// Warp matrix functions (programming guide, "Warp Matrix Functions"). How the elements of a fragment lie in the lanes is not
// told there; here they lie as those of mma.sync do (emulate/matrix.h). The number of elements is that of NVIDIA's own
// header: a multiplicand of halves has 16 in each lane whatever its shape, of which the first are repeated.
#pragma once
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#ifdef EMULATE_DEVICE_CODE
#include <emulate/matrix.h>

namespace nvcuda {
namespace wmma {

struct row_major;
struct col_major;
struct matrix_a;
struct matrix_b;
struct accumulator;
enum layout_t { mem_row_major, mem_col_major };

namespace precision {
struct tf32;
}
namespace experimental {
namespace precision {
struct u4;
struct s4;
struct b1;
}  // namespace precision
enum bmmaBitOp { bmmaBitOpXOR = 1, bmmaBitOpAND = 2 };
enum bmmaAccumulateOp { bmmaAccumulateOpPOPC = 1 };
}  // namespace experimental

namespace details {

using ::emulate::matrix::Element;

template <class T, Element element_, class Stored = T>
struct Is {
    using stored = Stored;
    static constexpr Element element = element_;
};
template <class T> struct Kind { static constexpr bool known = false; };
template <> struct Kind<__half> : Is<__half, Element::f16> {};
template <> struct Kind<__nv_bfloat16> : Is<__nv_bfloat16, Element::bf16> {};
template <> struct Kind<precision::tf32> : Is<precision::tf32, Element::tf32, float> {};
template <> struct Kind<float> : Is<float, Element::f32> {};
template <> struct Kind<double> : Is<double, Element::f64> {};
template <> struct Kind<signed char> : Is<signed char, Element::s8> {};
template <> struct Kind<unsigned char> : Is<unsigned char, Element::u8> {};
template <> struct Kind<int> : Is<int, Element::s32> {};

template <class T, class... Others>
constexpr bool one_of = (std::is_same<T, Others>::value || ...);
template <int k, class T>
constexpr bool packed = one_of<T, experimental::precision::u4, experimental::precision::s4, experimental::precision::b1> || (std::is_same<T, int>::value && (k == 32 || k == 128));

// The table "Element Types and Matrix Sizes" of the guide.
template <class Use, int m, int n, int k, class T>
constexpr bool exists() {
    constexpr bool sums = std::is_same<Use, accumulator>::value;
    if (k == 16 && ((m == 16 && n == 16) || (m == 32 && n == 8) || (m == 8 && n == 32)))
        return sums ? one_of<T, __half, float, int> : one_of<T, __half, __nv_bfloat16, signed char, unsigned char>;
    if (m == 16 && n == 16 && k == 8) return std::is_same<T, std::conditional_t<sums, float, precision::tf32>>::value;
    if (m == 8 && n == 8 && k == 4) return std::is_same<T, double>::value;
    return false;
}

constexpr unsigned warp = 32;   // lanes

}  // namespace details

template <class Use, int m, int n, int k, class T, class Layout = void>
class __align__(8) fragment {
    static_assert(!details::packed<k, T>, "unsupported: warp matrix functions of less than a byte");
    static_assert(details::packed<k, T> || details::exists<Use, m, n, k, T>(), "there is no fragment of this size and type");
    static_assert(std::is_same<Use, accumulator>::value == std::is_void<Layout>::value, "multiplicands have a layout, and accumulators have none");

    using Kind = details::Kind<T>;
    static constexpr unsigned rows = std::is_same<Use, matrix_b>::value ? k : m, columns = std::is_same<Use, matrix_a>::value ? k : n;

  public:
    static constexpr unsigned distinct = rows * columns / details::warp;   // elements that no other place has
    enum { num_elements = std::is_same<T, __half>::value && !std::is_same<Use, accumulator>::value ? 16 : distinct, num_storage_elements = num_elements };
    using element_type = T;
    using storage_element_type = typename Kind::stored;
    storage_element_type x[num_storage_elements];

    static constexpr ::emulate::matrix::Element element = Kind::element;
    static EMULATE_INLINE constexpr ::emulate::matrix::Place place(unsigned lane, unsigned i) {
        constexpr unsigned beside = std::is_same<Use, accumulator>::value ? ::emulate::matrix::accumulated_side_by_side : ::emulate::matrix::side_by_side(element);
        return std::is_same<Use, matrix_b>::value ? ::emulate::matrix::place_of_b(k, beside, lane, i) : ::emulate::matrix::place(m, beside, lane, i);
    }
    // "mptr must be a 256-bit aligned pointer", says the guide. NVIDIA's own programs go on by a tile of bytes, whose rows have
    // less: a tile in the midst of others of its kind is aligned to a row of it.
    static constexpr unsigned alignment(bool by_rows) {
        const unsigned row = (by_rows ? columns : rows) * sizeof(storage_element_type);
        return row < 32 ? row : 32;
    }
};

namespace details {

template <class Fragment>
EMULATE_INLINE size_t offset(unsigned lane, unsigned i, size_t ldm, bool by_rows) {
    const auto place = Fragment::place(lane, i);
    return by_rows ? place.row * ldm + place.column : place.column * ldm + place.row;
}

template <class Fragment, class T>
EMULATE_INLINE void load(Fragment &to, const T *from, unsigned ldm, bool by_rows) {
    ::emulate::matrix::begin_load(from, Fragment::alignment(by_rows), ldm * sizeof(T));
    const unsigned lane = ::emulate::lane();
    for (unsigned i = 0; i < Fragment::distinct; ++i) to.x[i] = from[offset<Fragment>(lane, i, ldm, by_rows)];
    for (unsigned i = Fragment::distinct; i < Fragment::num_elements; ++i) to.x[i] = to.x[i - Fragment::distinct];
}

}  // namespace details

template <class Use, int m, int n, int k, class T, class Layout>
EMULATE_INLINE void fill_fragment(fragment<Use, m, n, k, T, Layout> &to, const typename fragment<Use, m, n, k, T, Layout>::storage_element_type &value) {
    const auto own = value;
    for (auto &element : to.x) element = own;
}

template <class Use, int m, int n, int k, class T, class Layout, class = std::enable_if_t<!std::is_void<Layout>::value>>
EMULATE_INLINE void load_matrix_sync(fragment<Use, m, n, k, T, Layout> &to, const typename fragment<Use, m, n, k, T, Layout>::storage_element_type *from, unsigned ldm) {
    details::load(to, from, ldm, std::is_same<Layout, row_major>::value);
}
template <int m, int n, int k, class T>
EMULATE_INLINE void load_matrix_sync(fragment<accumulator, m, n, k, T> &to, const T *from, unsigned ldm, layout_t layout) {
    details::load(to, from, ldm, layout == mem_row_major);
}

template <int m, int n, int k, class T>
EMULATE_INLINE void store_matrix_sync(T *to, const fragment<accumulator, m, n, k, T> &from, unsigned ldm, layout_t layout) {
    using Fragment = fragment<accumulator, m, n, k, T>;
    const bool by_rows = layout == mem_row_major;
    ::emulate::matrix::begin_store(to, Fragment::alignment(by_rows), ldm * sizeof(T));
    const unsigned lane = ::emulate::lane();
    for (unsigned i = 0; i < Fragment::distinct; ++i) to[details::offset<Fragment>(lane, i, ldm, by_rows)] = from.x[i];
}

template <int m, int n, int k, class D, class T, class LayoutA, class LayoutB, class C>
EMULATE_INLINE void mma_sync(fragment<accumulator, m, n, k, D> &d, const fragment<matrix_a, m, n, k, T, LayoutA> &a,
                             const fragment<matrix_b, m, n, k, T, LayoutB> &b, const fragment<accumulator, m, n, k, C> &c, bool satf = false) {
    constexpr bool whole = details::one_of<T, signed char, unsigned char>;
    static_assert(whole == std::is_same<C, int>::value && whole == std::is_same<D, int>::value, "whole numbers are summed as such, and no others");
    static_assert(std::is_same<T, __half>::value || std::is_same<C, D>::value, "only sums of halves change their type");
    static_assert(std::is_same<T, __half>::value || !std::is_same<C, __half>::value, "only halves are summed as halves");
    ::emulate::matrix::multiply({m, n, k, a.element, b.element, c.element, d.element, whole && satf}, a.x, b.x, c.x, d.x);
}

EMULATE_INLINE float __float_to_tf32(float value) { return ::emulate::to_tf32(value); }

}  // namespace wmma
}  // namespace nvcuda
#endif
