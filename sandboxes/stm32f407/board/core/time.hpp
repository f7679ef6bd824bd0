// Virtual time and the queue of things that happen in it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace board {

/// Virtual time since power-on, in picoseconds (64 bits last 213 days).
using Time = std::uint64_t;

inline constexpr Time never = UINT64_MAX;
inline constexpr Time second = 1'000'000'000'000;
inline constexpr Time millisecond = second / 1000;
inline constexpr Time microsecond = second / 1'000'000;

/// The duration of `n` periods of a clock of `hz`, rounded up, so that at the time `start + periods(n, hz)` a counter
/// that began at `start` has really counted `n`. Compute from one origin (n = 1, 2, 3 …): adding up rounded periods drifts.
inline Time periods(std::uint64_t n, std::uint64_t hz) {
  if (hz == 0) return never;
  const unsigned __int128 scaled = static_cast<unsigned __int128>(n) * second + (hz - 1);
  const unsigned __int128 time = scaled / hz;
  return time > never ? never : static_cast<Time>(time);
}

/// How many whole periods of a clock of `hz` fit in `duration`: the inverse of `periods`.
inline std::uint64_t count_periods(Time duration, std::uint64_t hz) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(duration) * hz / second);
}

/// `time + duration` without wrapping.
inline Time later(Time time, Time duration) { return duration > never - time ? never : time + duration; }

class EventQueue;

/// Something that can be put on the queue once at a time. Make it a member of the peripheral that owns it:
///     Event overflow{board.events, [this] { on_overflow(); }};
/// The action runs between two accesses of the firmware, with its own time as `now()`; it may schedule itself or others.
class Event {
 public:
  Event(EventQueue &queue, std::function<void()> action) : queue_(queue), action_(std::move(action)) {}
  ~Event();
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  /// Runs the action at `time` (at once after the present step if that is past); moves it if it was scheduled already.
  void at(Time time);
  void cancel();
  bool scheduled() const { return slot_ != npos; }
  /// When it will run; `never` if it is not scheduled.
  Time time() const { return scheduled() ? time_ : never; }

 private:
  friend class EventQueue;
  static constexpr std::size_t npos = SIZE_MAX;

  EventQueue &queue_;
  std::function<void()> action_;
  Time time_ = never;
  std::uint64_t order_ = 0;
  std::size_t slot_ = npos;
};

/// A binary heap of events; events of equal time run in the order in which they were scheduled.
class EventQueue {
 public:
  /// When the earliest event is due; `never` if there is none.
  Time next() const { return heap_.empty() ? never : heap_.front()->time_; }
  /// Runs every event that is due at `now` or before, in order.
  void run(Time now);
  /// The due time of the event that is being run, or `never` outside events.
  Time running() const { return running_; }
  /// Called whenever `next()` became earlier, so that the core can shorten the step it is in.
  std::function<void()> on_earlier;

 private:
  friend class Event;
  void insert(Event &event);
  void remove(Event &event);
  bool before(const Event *a, const Event *b) const;
  void place(std::size_t slot, Event *event);
  void sift_up(std::size_t slot);
  void sift_down(std::size_t slot);

  std::vector<Event *> heap_;
  std::uint64_t orders_ = 0;
  Time running_ = never;
};

}  // namespace board
