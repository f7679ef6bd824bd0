#include "sd_card.hpp"

#include <algorithm>
#include <bit>

#include "hex.hpp"

namespace board {
namespace {

/// Bits of the card's status (SD 2.00, table 4-36).
enum Status : std::uint32_t {
  OUT_OF_RANGE = 1u << 31, ADDRESS_ERROR = 1u << 30, BLOCK_LEN_ERROR = 1u << 29, ERASE_SEQ_ERROR = 1u << 28,
  ILLEGAL_COMMAND = 1u << 22, READY_FOR_DATA = 1u << 8, APP_CMD = 1u << 5,
};
constexpr std::uint32_t voltages = 0x00FF8000, powered_up = 1u << 31, high_capacity_bit = 1u << 30;  // OCR, 5.1
constexpr Time power_up_time = 5 * millisecond;  // the specification allows a second (4.2.3)
constexpr std::size_t most_logged = 1000;

using Register = std::array<std::uint32_t, 4>;
constexpr Register identification_register = {0x41415342, 0x4F415244, 0x10123456, 0x78014801};  // CID

/// Puts a field into a register of 128 bits, whose first word holds bits 127 to 96.
void put(Register &all, unsigned low, std::uint32_t value) {
  for (; value != 0; value >>= 1, ++low)
    if (value & 1) all[3 - low / 32] |= 1u << low % 32;
}

const char *name_of(SdCard::State state) {
  static const char *const names[] = {"idle", "ready", "ident", "stby", "tran", "data", "rcv", "prg", "dis"};
  return names[static_cast<int>(state)];
}

}  // namespace

SdCard::SdCard(const nlohmann::json &plan)
    : blocks_(std::max<std::uint64_t>(plan.value("blocks", 65536ull), 8)),
      high_capacity_(plan.value("high_capacity", true)),
      pattern_(plan.value("pattern", std::string("zero"))) {
  if (high_capacity_) blocks_ = std::max<std::uint64_t>(blocks_ / 1024, 1) * 1024;
  else blocks_ = std::min<std::uint64_t>(blocks_ / 4 * 4, 2u << 20);
  if (const auto given = plan.find("content"); given != plan.end())
    for (const auto &one : *given) {
      Block bytes = from_hex(one.value("hex", std::string()));
      bytes.resize(block_size);
      stored_[one.value("block", 0ull)] = std::move(bytes);
    }
}

/// What a block holds that nobody has written: zeros, or bytes that count up from the block's number.
SdCard::Block SdCard::content(std::uint64_t block) const {
  if (const auto found = stored_.find(block); found != stored_.end()) return found->second;
  Block bytes(block_size, 0);
  if (pattern_ == "counting")
    for (std::size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<std::uint8_t>(block + n);
  return bytes;
}

SdCard::State SdCard::state(Time now) {
  if (state_ == State::programming && now >= busy_until_) state_ = State::transfer;
  if (state_ == State::disconnected && now >= busy_until_) state_ = State::standby;
  return state_;
}

bool SdCard::in(std::initializer_list<State> states) const { return std::find(states.begin(), states.end(), state_) != states.end(); }

/// A command that the state forbids, or that the card does not know: no answer, and a bit in the next one (4.6.1, 4.8).
CardReply SdCard::illegal() {
  errors_ |= ILLEGAL_COMMAND;
  silence_ = std::string("it is illegal in the state ") + name_of(state_before_) + " (SD specification 4.8, table 4-29)";
  return {};
}

CardReply SdCard::not_addressed(std::uint32_t argument) {
  silence_ = "it is meant for the address " + std::to_string(argument >> 16) + ", and this card's is " + std::to_string(address_) +
             " (its answer to CMD3)";
  return {};
}

/// R1, with the state in which the command found the card (4.9.1, 4.10.1).
CardReply SdCard::status() {
  const bool ready = state_before_ != State::programming;
  const std::uint32_t flags = (ready ? READY_FOR_DATA : 0u) | (application_ ? APP_CMD : 0u);
  const std::uint32_t word = std::exchange(errors_, 0u) | static_cast<std::uint32_t>(state_before_) << 9 | flags;
  return {CardReply::Kind::short_reply, {word}};
}

CardReply SdCard::command(int index, std::uint32_t argument, Time now) {
  state_before_ = state(now);
  silence_.clear();
  const bool application = application_;
  if (log_.size() < most_logged) log_.push_back({static_cast<std::uint32_t>(index), argument, application ? 1u : 0u});
  const bool known = application && (index == 6 || index == 13 || index == 22 || index == 23 || index == 41 || index == 42 || index == 51);
  application_ = known;
  const CardReply reply = known ? application_command(index, argument, now) : plain_command(index, argument, now);
  if (index != 55) application_ = false;
  return reply;
}

void SdCard::go_idle() {
  state_ = State::idle;
  address_ = errors_ = 0;
  application_ = conditions_asked_ = fast_ = false;
  ready_at_ = never, busy_until_ = 0;
  width_ = 1, length_ = block_size;
}

CardReply SdCard::plain_command(int index, std::uint32_t argument, Time now) {
  const bool transfer = in({State::transfer});
  switch (index) {
    case 0: return go_idle(), CardReply{};
    case 2:
      if (!in({State::ready})) return illegal();
      state_ = State::identification;
      return {CardReply::Kind::long_reply, identification_register};
    case 3: {
      if (!in({State::identification, State::standby})) return illegal();
      address_ = next_address_++;
      state_ = State::standby;
      const std::uint32_t now_status = status().words[0];
      return {CardReply::Kind::short_reply, {address_ << 16 | (now_status >> 8 & 0xC000) | (now_status & 0x1FFF)}};  // R6, 4.9.5
    }
    case 6: return transfer ? switch_function(argument) : illegal();
    case 7: return select(argument);
    case 8:  // 4.3.13: it answers only to a voltage that it can take
      if (!in({State::idle})) return illegal();
      if ((argument >> 8 & 15) != 1) return {};
      conditions_asked_ = true;
      return {CardReply::Kind::short_reply, {argument & 0xFFF}};
    case 9:
      if (!in({State::standby})) return illegal();
      return addressed(argument) ? CardReply{CardReply::Kind::long_reply, specific_data()} : not_addressed(argument);
    case 10:
      if (!in({State::standby})) return illegal();
      return addressed(argument) ? CardReply{CardReply::Kind::long_reply, identification_register} : not_addressed(argument);
    case 12: return stop(now);
    case 13:
      if (state_ < State::standby) return illegal();
      return addressed(argument) ? status() : not_addressed(argument);
    case 16:
      if (!transfer) return illegal();
      if (argument == 0 || argument > block_size) errors_ |= BLOCK_LEN_ERROR;
      else length_ = argument;
      return status();
    case 17: case 18: return transfer ? start_transfer(argument, false, index == 18) : illegal();
    case 24: case 25: return transfer ? start_transfer(argument, true, index == 25) : illegal();
    case 32: case 33:
      if (!transfer) return illegal();
      (index == 32 ? erase_from_ : erase_to_) = block_of(argument);
      return status();
    case 38: return transfer ? erase(now) : illegal();
    case 55:
      if (in({State::ready, State::identification})) return illegal();
      if (!addressed(argument)) return not_addressed(argument);
      application_ = true;
      return status();
    default: return illegal();
  }
}

CardReply SdCard::application_command(int index, std::uint32_t argument, Time now) {
  if (index == 41) return operating_conditions(argument, now);
  if (!in({State::transfer})) return illegal();
  switch (index) {
    case 6:
      width_ = (argument & 3) == 2 ? 4 : 1;
      return status();
    case 13: {
      Block bytes(64, 0);
      bytes[0] = width_ == 4 ? 0x80 : 0;
      return send_data(std::move(bytes));
    }
    case 22: {
      Block bytes(4, 0);
      for (int n = 0; n < 4; ++n) bytes[static_cast<std::size_t>(n)] = static_cast<std::uint8_t>(written_in_a_row_ >> (24 - 8 * n));
      return send_data(std::move(bytes));
    }
    case 51:  // SCR, 5.6: version 2.00, 1 and 4 data lines
      return send_data({0x02, static_cast<std::uint8_t>(high_capacity_ ? 0x35 : 0x25), 0, 0, 0, 0, 0, 0});
    default:
      return status();  // ACMD23, ACMD42: nothing to be seen from here
  }
}

/// ACMD41 (4.2.3): a card of high capacity becomes ready only for a host that has sent CMD8 and says HCS.
CardReply SdCard::operating_conditions(std::uint32_t argument, Time now) {
  if (!in({State::idle})) return illegal();
  std::uint32_t ocr = voltages;
  if ((argument & voltages) != 0) {
    if (ready_at_ == never) ready_at_ = later(now, power_up_time);
    const bool fits = !high_capacity_ || (conditions_asked_ && (argument & high_capacity_bit) != 0);
    refused_ = !fits;
    if (now >= ready_at_ && fits) {
      ocr |= powered_up | (high_capacity_ ? high_capacity_bit : 0);
      state_ = State::ready;
    }
  }
  return {CardReply::Kind::short_open, {ocr}};
}

CardReply SdCard::select(std::uint32_t argument) {
  if (addressed(argument) && address_ != 0) {
    if (!in({State::standby})) return illegal();
    state_ = State::transfer;
    return status();
  }
  if (in({State::transfer, State::sending})) state_ = State::standby;
  else if (in({State::programming})) state_ = State::disconnected;
  else if (argument >> 16 != 0) return not_addressed(argument);
  return {};
}

/// A high-capacity card counts blocks, the other bytes (4.3.14).
std::uint64_t SdCard::block_of(std::uint32_t argument) { return high_capacity_ ? argument : argument / block_size; }

CardReply SdCard::start_transfer(std::uint32_t argument, bool write, bool many) {
  const std::uint32_t length = high_capacity_ ? block_size : length_;
  offset_ = high_capacity_ ? 0 : argument % block_size;
  at_ = block_of(argument);
  if (at_ >= blocks_) errors_ |= OUT_OF_RANGE;
  else if (offset_ + length > block_size || (write && offset_ != 0)) errors_ |= ADDRESS_ERROR;
  else if (write && length != block_size) errors_ |= BLOCK_LEN_ERROR;
  const bool starts = (errors_ & (OUT_OF_RANGE | ADDRESS_ERROR | BLOCK_LEN_ERROR)) == 0;
  const CardReply reply = status();
  if (!starts) return reply;
  many_ = many;
  from_register_ = false;
  written_in_a_row_ = 0;
  state_ = write ? State::receiving : State::sending;
  return reply;
}

CardReply SdCard::send_data(Block data) {
  const CardReply reply = status();
  register_data_ = std::move(data);
  from_register_ = true;
  many_ = false;
  state_ = State::sending;
  return reply;
}

std::vector<std::uint8_t> SdCard::next_block() {
  if (from_register_) {
    state_ = State::transfer;
    return register_data_;
  }
  const Block block = content(at_);
  const std::uint32_t length = high_capacity_ ? block_size : length_;
  const Block part(block.begin() + static_cast<std::ptrdiff_t>(offset_), block.begin() + static_cast<std::ptrdiff_t>(offset_ + length));
  if (offset_ + length >= block_size) offset_ = 0, ++at_;
  else offset_ += length;
  if (!many_ || at_ >= blocks_) state_ = State::transfer;
  return part;
}

void SdCard::received(const Block &block, Time now) {
  stored_[at_] = block;
  if (written_.size() < most_logged) written_.push_back(at_);
  ++at_, ++written_in_a_row_;
  busy_until_ = later(now, program_time);
  if (!many_ || at_ >= blocks_) state_ = State::programming;
}

CardReply SdCard::stop(Time now) {
  if (!in({State::sending, State::receiving})) return illegal();
  const CardReply reply = status();
  if (state_ == State::receiving) {
    busy_until_ = std::max(busy_until_, later(now, program_time));
    state_ = State::programming;
  } else {
    state_ = State::transfer;
  }
  return reply;
}

CardReply SdCard::erase(Time now) {
  const bool ordered = erase_from_ <= erase_to_ && erase_to_ < blocks_;
  if (!ordered) errors_ |= ERASE_SEQ_ERROR;
  const CardReply reply = status();
  if (ordered) {
    constexpr std::uint64_t most = 1 << 16;  // beyond that nobody looks
    for (std::uint64_t block = erase_from_; block <= erase_to_ && block - erase_from_ < most; ++block) stored_[block] = Block(block_size, 0);
    busy_until_ = later(now, program_time);
    state_ = State::programming;
  }
  erase_from_ = erase_to_ = UINT64_MAX;
  return reply;
}

/// CMD6 (4.3.10): of group 1 the card has default and high speed, of the others only the default.
CardReply SdCard::switch_function(std::uint32_t argument) {
  Block bytes(64, 0);
  bytes[1] = 100;  // mA
  for (std::size_t group = 0; group < 6; ++group) bytes[13 - 2 * group] = group == 0 ? 3 : 1;
  for (std::size_t group = 0; group < 6; ++group) {
    const std::uint32_t wanted = argument >> 4 * group & 15, present = group == 0 && fast_ ? 1 : 0;
    const std::uint32_t result = wanted == 15 ? present : wanted <= (group == 0 ? 1u : 0u) ? wanted : 15;
    bytes[16 - group / 2] = static_cast<std::uint8_t>(bytes[16 - group / 2] | result << (group % 2 ? 4 : 0));
    if (group == 0 && (argument >> 31) != 0 && result != 15) fast_ = result == 1;
  }
  return send_data(std::move(bytes));
}

/// CSD, version 1.0 or 2.0 (5.3.2, 5.3.3).
std::array<std::uint32_t, 4> SdCard::specific_data() const {
  Register csd{};
  put(csd, 126, high_capacity_ ? 1 : 0);
  put(csd, 112, high_capacity_ ? 0x0E : 0x26);  // TAAC
  put(csd, 96, fast_ ? 0x5A : 0x32);            // TRAN_SPEED: 50 or 25 MHz
  put(csd, 84, 0x535);                          // CCC: classes 0, 2, 4, 5, 8, 10
  put(csd, 80, 9);                              // READ_BL_LEN
  if (high_capacity_) {
    put(csd, 48, static_cast<std::uint32_t>(blocks_ / 1024 - 1));
  } else {
    std::uint32_t multiplier = 0;
    while ((blocks_ >> (multiplier + 2)) > 4096) ++multiplier;
    put(csd, 79, 1);  // READ_BL_PARTIAL
    put(csd, 62, static_cast<std::uint32_t>((blocks_ >> (multiplier + 2)) - 1));
    put(csd, 47, multiplier);
  }
  put(csd, 46, 1);     // ERASE_BLK_EN
  put(csd, 39, 0x7F);  // SECTOR_SIZE
  put(csd, 26, 2);     // R2W_FACTOR
  put(csd, 22, 9);     // WRITE_BL_LEN
  put(csd, 0, 1);
  return csd;
}

nlohmann::json SdCard::report(const nlohmann::json &asked) const {
  nlohmann::json out = {{"state", name_of(state_)}, {"width", width_}, {"high_speed", fast_}, {"commands", nlohmann::json::array()},
                        {"written", written_}, {"blocks", nlohmann::json::object()}};
  for (const auto &[index, argument, application] : log_) out["commands"].push_back({index, argument, application != 0});
  for (const auto &block : asked) out["blocks"][std::to_string(block.get<std::uint64_t>())] = to_hex(content(block.get<std::uint64_t>()));
  return out;
}

}  // namespace board
