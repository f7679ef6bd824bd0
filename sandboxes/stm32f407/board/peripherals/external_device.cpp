#include "external_device.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <stdexcept>

namespace board {
namespace {

constexpr std::uint8_t noise = 0xA5;  // as in the chip's own RAM after power-on
constexpr std::uint32_t largest_sram = 16 << 20, longest_side = 1024;
constexpr std::size_t most_commands = 1000, most_parameters = 64, most_colours = 64;

enum Code : std::uint16_t {
  software_reset = 0x01, column_address = 0x2A, row_address = 0x2B, memory_write = 0x2C, memory_read = 0x2E,
  access_control = 0x36, pixel_format = 0x3A, write_continue = 0x3C, read_continue = 0x3E, identify = 0xD3,
};
enum Orientation : std::uint16_t { exchanged = 0x20, columns_reversed = 0x40, rows_reversed = 0x80 };

int bits_of(const nlohmann::json &plan) {
  const int bits = plan.value("bits", 0);
  return bits == 8 || bits == 16 ? bits : 0;
}

std::uint32_t side(const nlohmann::json &plan, const char *key, std::uint32_t otherwise) {
  return std::clamp(plan.value(key, otherwise), 1u, longest_side);
}

std::uint32_t crc32(const std::vector<std::uint16_t> &words) {
  std::uint32_t crc = ~0u;
  const auto add = [&crc](std::uint32_t byte) {
    crc ^= byte;
    for (int n = 0; n < 8; ++n) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  };
  for (const std::uint16_t word : words) add(word >> 8), add(word & 0xFF);
  return ~crc;
}

}  // namespace

// ---- static RAM ----

Sram::Sram(const nlohmann::json &plan)
    : ExternalDevice(bits_of(plan)), bytes_(std::bit_floor(std::clamp(plan.value("bytes", 1u << 20), 2u, largest_sram)), noise) {}

std::uint16_t Sram::read(std::uint32_t address) {
  const std::uint32_t at = (address & address_lines()) * width();
  return static_cast<std::uint16_t>(width() == 2 ? bytes_[at] | bytes_[at + 1] << 8 : bytes_[at] | 0xFF00);
}

void Sram::write(std::uint32_t address, std::uint16_t data, unsigned lanes) {
  const std::uint32_t at = (address & address_lines()) * width();
  if (lanes & 1) bytes_[at] = static_cast<std::uint8_t>(data);
  if (width() == 2 && (lanes & 2)) bytes_[at + 1] = static_cast<std::uint8_t>(data >> 8);
}

std::uint8_t *Sram::bytes(std::uint32_t offset, std::uint32_t size) {
  return offset < bytes_.size() && size <= bytes_.size() - offset ? bytes_.data() + offset : nullptr;
}

nlohmann::json Sram::report(const nlohmann::json &) const { return {{"kind", "sram"}, {"bytes", bytes_.size()}}; }

// ---- a display ----

Display::Display(Board &board, const nlohmann::json &plan)
    : ExternalDevice(bits_of(plan)),
      board_(board),
      select_line_(std::clamp(plan.value("rs", 16), 0, 25)),
      width_(side(plan, "width", 240)),
      height_(side(plan, "height", 320)),
      image_(static_cast<std::size_t>(width_) * height_),
      columns_{0, width_ - 1},
      rows_{0, height_ - 1} {
  const auto id = plan.value("id", 0x9341u);
  replies_[identify] = {0, 0, static_cast<std::uint16_t>(id >> 8 & 0xFF), static_cast<std::uint16_t>(id & 0xFF)};
  if (const auto scripted = plan.find("replies"); scripted != plan.end())
    for (const auto &[code, words] : scripted->items())
      replies_[static_cast<std::uint16_t>(std::strtoul(code.c_str(), nullptr, 16))] = words.get<std::vector<std::uint16_t>>();
}

std::uint16_t Display::read(std::uint32_t address) {
  ++reads_;
  if ((address & address_lines()) == 0) return 0;
  if (now_.code == memory_read || now_.code == read_continue) {
    board_.unsupported("FSMC: reading pixels back from the display (command 0x2E)");
    return 0;
  }
  const auto found = replies_.find(now_.code);
  if (found == replies_.end() || reply_ >= found->second.size()) return 0;
  return found->second[reply_++];
}

void Display::write(std::uint32_t address, std::uint16_t data, unsigned) {
  if (bits() == 8) data &= 0xFF;
  if ((address & address_lines()) == 0) return begin(data);
  ++parameters_seen_;
  if (drawing_) return pixel_data(data);
  parameter(data);
}

void Display::begin(std::uint16_t code) {
  ++commands_;
  now_ = {code, {}, 0};
  reply_ = 0;
  collected_ = 0;
  drawing_ = code == memory_write || code == write_continue;
  if (code == memory_write) x_ = columns_.first, y_ = rows_.first;
  if (code == software_reset) {
    columns_ = {0, width_ - 1}, rows_ = {0, height_ - 1};
    orientation_ = 0;
  }
  if (log_.size() < most_commands) log_.push_back(now_);
}

void Display::parameter(std::uint16_t data) {
  if (now_.parameters.size() >= most_parameters) return;
  now_.parameters.push_back(data);
  if (logged()) log_.back() = now_;
  apply(now_);
}

void Display::apply(const Command &command) {
  const auto &given = command.parameters;
  const auto pair = [&given](std::size_t n) { return static_cast<std::uint32_t>((given[n] & 0xFF) << 8 | (given[n + 1] & 0xFF)); };
  const auto range = [&pair] { return Range{pair(0), pair(2)}; };
  if (command.code == column_address && given.size() == 4) columns_ = range();
  if (command.code == row_address && given.size() == 4) rows_ = range();
  if (command.code == access_control && given.size() == 1) orientation_ = given[0];
  if (command.code == pixel_format && given.size() == 1) pixel_bytes_ = (given[0] & 7) == 5 ? 2 : (given[0] & 7) == 6 && bits() == 8 ? 3 : 0;
}

/// A pixel comes as one word on 16 lines, as two bytes (5-6-5) or three (6-6-6) on 8.
void Display::pixel_data(std::uint16_t data) {
  if (pixel_bytes_ == 0) return board_.unsupported("FSMC: the display's pixel format (command 0x3A) on " + std::to_string(bits()) + " data lines");
  if (bits() == 16) return put(data);
  parts_[static_cast<std::size_t>(collected_++)] = static_cast<std::uint8_t>(data);
  if (collected_ < pixel_bytes_) return;
  collected_ = 0;
  put(static_cast<std::uint16_t>(pixel_bytes_ == 2 ? parts_[0] << 8 | parts_[1] : (parts_[0] >> 3) << 11 | (parts_[1] >> 2) << 5 | parts_[2] >> 3));
}

void Display::put(std::uint16_t colour) {
  ++pixels_;
  if (logged()) ++log_.back().pixels;
  if (const std::size_t at = place(x_, y_); at != SIZE_MAX) image_[at] = colour;
  else ++outside_;
  if (++x_ <= columns_.last) return;
  x_ = columns_.first;
  if (++y_ > rows_.last) y_ = rows_.first;
}

std::size_t Display::place(std::uint32_t x, std::uint32_t y) const {
  if (orientation_ & exchanged) std::swap(x, y);
  if (x >= width_ || y >= height_) return SIZE_MAX;
  if (orientation_ & columns_reversed) x = width_ - 1 - x;
  if (orientation_ & rows_reversed) y = height_ - 1 - y;
  return static_cast<std::size_t>(y) * width_ + x;
}

nlohmann::json Display::report(const nlohmann::json &asked) const {
  nlohmann::json out = {{"kind", "lcd"}, {"pixels", pixels_}, {"outside", outside_}, {"commands", nlohmann::json::array()}};
  for (const Command &one : log_) out["commands"].push_back({one.code, one.parameters, one.pixels});
  std::map<std::uint16_t, std::uint64_t> counts;
  for (const std::uint16_t colour : image_) ++counts[colour];
  std::vector<std::pair<std::uint64_t, std::uint16_t>> order;
  for (const auto &[colour, count] : counts) order.emplace_back(count, colour);
  std::sort(order.rbegin(), order.rend());
  out["colours"] = nlohmann::json::object();
  for (std::size_t n = 0; n < std::min(order.size(), most_colours); ++n) out["colours"][std::to_string(order[n].second)] = order[n].first;
  out["crc32"] = crc32(image_);
  out["at"] = nlohmann::json::array();
  for (const auto &pixel : asked) {
    const std::size_t at = place(pixel.at(0).get<std::uint32_t>(), pixel.at(1).get<std::uint32_t>());
    out["at"].push_back(at == SIZE_MAX ? nlohmann::json() : nlohmann::json(image_[at]));
  }
  return out;
}

std::unique_ptr<ExternalDevice> make_external_device(Board &board, const nlohmann::json &plan) {
  const std::string kind = plan.value("kind", std::string("sram"));
  if (kind == "sram") return std::make_unique<Sram>(plan);
  if (kind == "lcd") return std::make_unique<Display>(board, plan);
  throw std::runtime_error("plan: no such device on the FSMC: " + kind);
}

}  // namespace board
