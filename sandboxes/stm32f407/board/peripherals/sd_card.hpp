// An SD memory card as the plan scripts it (SD physical layer simplified specification, version 2.00).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../core/time.hpp"

namespace board {

/// What comes back on the command line.
struct CardReply {
  /// `short_open`: 48 bits whose last seven are ones in place of a checksum (R3).
  enum class Kind : std::uint8_t { none, short_reply, short_open, long_reply };
  Kind kind = Kind::none;
  std::array<std::uint32_t, 4> words{};  // the first is all of a short one
};

class SdCard {
 public:
  static constexpr std::uint32_t block_size = 512;
  enum class State : std::uint8_t { idle, ready, identification, standby, transfer, sending, receiving, programming, disconnected };

  explicit SdCard(const nlohmann::json &plan);

  CardReply command(int index, std::uint32_t argument, Time now);
  /// Why the last command was not answered; empty if it never is.
  const std::string &silence() const { return silence_; }
  /// Has it been asked to become ready in a way that it cannot take?
  bool waits_for_host() const { return refused_ && state_ == State::idle; }
  State state(Time now);
  /// Before CMD3 has been answered: the clock must be slow then (SD 2.00 4.2.1, 6.6.6).
  bool identifying(Time now) { return state(now) <= State::identification; }

  /// Has it a block to send? Then `next_block` is that one.
  bool sends() const { return state_ == State::sending; }
  std::vector<std::uint8_t> next_block();
  bool receives(Time now) { return state(now) == State::receiving && now >= busy_until_; }
  /// A block has come in, with the right checksum: it holds D0 low until `busy_until`.
  void received(const std::vector<std::uint8_t> &block, Time now);
  Time busy_until() const { return busy_until_; }

  int width() const { return width_; }
  bool fast() const { return fast_; }
  nlohmann::json report(const nlohmann::json &asked) const;

  /// From a read command's answer to the first bit of data; the end of a written block to readiness.
  static constexpr Time access_time = 100 * microsecond, program_time = 200 * microsecond;

 private:
  using Block = std::vector<std::uint8_t>;

  CardReply application_command(int index, std::uint32_t argument, Time now);
  CardReply plain_command(int index, std::uint32_t argument, Time now);
  CardReply operating_conditions(std::uint32_t argument, Time now);
  CardReply select(std::uint32_t argument);
  CardReply start_transfer(std::uint32_t argument, bool write, bool many);
  CardReply stop(Time now);
  CardReply send_data(Block data);
  CardReply switch_function(std::uint32_t argument);
  CardReply erase(Time now);
  CardReply illegal();
  CardReply not_addressed(std::uint32_t argument);
  CardReply status();
  bool in(std::initializer_list<State> states) const;
  bool addressed(std::uint32_t argument) const { return argument >> 16 == address_; }
  /// The block that a command's argument means; `blocks_` or more: none.
  std::uint64_t block_of(std::uint32_t argument);
  Block content(std::uint64_t block) const;
  std::array<std::uint32_t, 4> specific_data() const;
  void go_idle();

  std::uint64_t blocks_;
  const bool high_capacity_;
  const std::string pattern_;
  std::map<std::uint64_t, Block> stored_;

  State state_ = State::idle, state_before_ = State::idle;
  std::uint32_t address_ = 0, next_address_ = 0x5A01;  // RCA
  std::uint32_t errors_ = 0;                           // bits of the status that the next answer tells
  bool application_ = false, conditions_asked_ = false, fast_ = false, refused_ = false;
  std::string silence_;
  Time ready_at_ = never, busy_until_ = 0;
  int width_ = 1;
  std::uint32_t length_ = block_size;
  std::uint64_t at_ = 0, offset_ = 0, erase_from_ = UINT64_MAX, erase_to_ = UINT64_MAX;
  bool many_ = false, from_register_ = false;
  Block register_data_;
  std::uint32_t written_in_a_row_ = 0;

  std::vector<std::array<std::uint32_t, 3>> log_;
  std::vector<std::uint64_t> written_;
};

}  // namespace board
