// The scripted slaves on an I2C bus.
#include "hex.hpp"
#include "i2c.hpp"

namespace board {

I2cDevice::I2cDevice(const nlohmann::json &plan)
    : address_(plan.value("address", 0u) & 0x7F),
      pointer_bytes_(plan.value("pointer_bytes", std::size_t{1})),
      busy_for_(static_cast<Time>(plan.value("busy_ms", 0.0) * static_cast<double>(millisecond))),
      memory_(from_hex(plan.value("memory", std::string()))) {
  if (memory_.empty()) memory_.resize(256, 0xFF);
}

bool I2cDevice::start(bool read, Time now) {
  if (now < busy_until_) return false;  // an EEPROM that is still writing
  if (!read) seen_ = 0;
  return true;
}

bool I2cDevice::received(std::uint8_t byte) {
  if (seen_ < pointer_bytes_) {
    pointer_ = seen_ == 0 ? byte : pointer_ << 8 | byte;
    ++seen_;
    return true;
  }
  memory_[pointer_++ % memory_.size()] = byte;
  stored_ = true;
  ++writes_;
  return true;
}

std::uint8_t I2cDevice::send() {
  ++reads_;
  return memory_[pointer_++ % memory_.size()];
}

void I2cDevice::stop(Time now) {
  if (stored_) busy_until_ = later(now, busy_for_);
  stored_ = false;
}

nlohmann::json I2cDevice::report() const {
  return {{"address", address_}, {"memory", to_hex(memory_)}, {"bytes_read", reads_}, {"bytes_written", writes_}};
}

}  // namespace board
