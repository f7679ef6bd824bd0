#include "time.hpp"

#include <utility>

namespace board {

Event::~Event() { cancel(); }

void Event::at(Time time) {
  cancel();
  if (time == never) return;
  time_ = time;
  queue_.insert(*this);
}

void Event::cancel() {
  if (scheduled()) queue_.remove(*this);
}

bool EventQueue::before(const Event *a, const Event *b) const {
  return a->time_ != b->time_ ? a->time_ < b->time_ : a->order_ < b->order_;
}

void EventQueue::place(std::size_t slot, Event *event) {
  heap_[slot] = event;
  event->slot_ = slot;
}

void EventQueue::sift_up(std::size_t slot) {
  Event *event = heap_[slot];
  for (; slot > 0 && before(event, heap_[(slot - 1) / 2]); slot = (slot - 1) / 2) place(slot, heap_[(slot - 1) / 2]);
  place(slot, event);
}

void EventQueue::sift_down(std::size_t slot) {
  Event *event = heap_[slot];
  for (;;) {
    std::size_t child = 2 * slot + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], event)) break;
    place(slot, heap_[child]);
    slot = child;
  }
  place(slot, event);
}

void EventQueue::insert(Event &event) {
  event.order_ = orders_++;
  const Time earliest = next();
  heap_.push_back(&event);
  event.slot_ = heap_.size() - 1;
  sift_up(event.slot_);
  if (event.time_ < earliest && on_earlier) on_earlier();
}

void EventQueue::remove(Event &event) {
  const std::size_t slot = event.slot_;
  event.slot_ = Event::npos;
  Event *last = heap_.back();
  heap_.pop_back();
  if (last == &event) return;
  place(slot, last);
  sift_up(slot);
  sift_down(last->slot_);
}

void EventQueue::run(Time now) {
  while (next() <= now) {
    Event *event = heap_.front();
    remove(*event);
    running_ = event->time_;
    event->action_();
  }
  running_ = never;
}

}  // namespace board
