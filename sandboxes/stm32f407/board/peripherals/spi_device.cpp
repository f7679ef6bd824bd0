// The scripted devices on an SPI bus.
#include "hex.hpp"
#include "spi.hpp"

namespace board {
SpiDevice::SpiDevice(Board &board, const nlohmann::json &plan) : board_(board) {
  has_registers_ = plan.contains("registers");
  data_ = from_hex(plan.value(has_registers_ ? "registers" : "replies", std::string()));
  mode_ = plan.value("mode", -1);
  select_pin_ = parse_pin(plan.value("select", std::string()));
  if (select_pin_ < 0) return;
  board.pins.pull_up_external(select_pin_);  // every such device has one, so that it rests unselected
  board.pins.observe(select_pin_, [this](bool level) {
    if (!level) begin();
  });
}

bool SpiDevice::selected() const { return select_pin_ < 0 || !board_.pins.level(select_pin_); }

void SpiDevice::begin() {
  addressed_ = false;
  if (transactions_.size() < 1000) transactions_.emplace_back();
}

std::uint8_t SpiDevice::reply(int mode) {
  std::uint8_t byte = 0xFF;
  if (!has_registers_) {
    if (position_ < data_.size()) byte = data_[position_];
  } else if (addressed_ && reading_ && !data_.empty()) {
    byte = data_[position_ % data_.size()];
  }
  return mode_ >= 0 && mode != mode_ ? static_cast<std::uint8_t>(byte >> 1) : byte;
}

void SpiDevice::received(std::uint8_t byte) {
  if (transactions_.empty()) begin();
  if (transactions_.back().size() < 4096) transactions_.back().push_back(byte);
  if (!has_registers_) {
    ++position_;
    return;
  }
  if (!addressed_) {
    addressed_ = true;
    reading_ = byte & 0x80;
    // Files of up to 64 registers leave bit 6 to the "count up" flag that many sensors have.
    position_ = byte & (data_.size() > 64 ? 0x7F : 0x3F);
    return;
  }
  if (data_.empty()) return;
  if (!reading_) data_[position_ % data_.size()] = byte;
  ++position_;
}

nlohmann::json SpiDevice::report() const {
  nlohmann::json out;
  out["select"] = select_pin_ < 0 ? nlohmann::json() : nlohmann::json(pin_name(select_pin_));
  out["received"] = nlohmann::json::array();
  for (const auto &transaction : transactions_)
    if (!transaction.empty()) out["received"].push_back(to_hex(transaction));
  if (has_registers_) out["registers"] = to_hex(data_);
  return out;
}

}  // namespace board
