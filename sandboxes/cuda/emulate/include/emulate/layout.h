// Where the built-in variables lie, for the assembly in launch.h: byte offsets into Thread, Block and Launch.
#pragma once
namespace emulate::layout {
constexpr unsigned thread_block = 0, thread_index = 8, thread_returned = 33;
constexpr unsigned block_launch = 0, block_index = 8;
constexpr unsigned launch_grid = 16, launch_block = 28;
}  // namespace emulate::layout
