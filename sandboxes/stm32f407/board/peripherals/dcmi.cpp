// The DCMI (RM0090 chapter 15), with a camera of 8 data lines that the plan scripts and that runs by itself.
#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>

#include "../peripheral.hpp"
#include "hex.hpp"

namespace board {
namespace {

enum Offset : std::uint32_t { CR = 0x00, SR = 0x04, RIS = 0x08, IER = 0x0C, MIS = 0x10, ICR = 0x14, CWSTRT = 0x20, CWSIZE = 0x24, DR = 0x28 };
enum Cr : std::uint32_t { CAPTURE = 1, SNAPSHOT = 2, CROP = 4, JPEG = 8, ESS = 16, PCKPOL = 32, HSPOL = 64, VSPOL = 128, ENABLE = 1 << 14 };
enum Flag : std::uint32_t { FRAME = 1, OVR = 2, VSYNC = 8, LINE = 16 };
enum Sr : std::uint32_t { in_line_gap = 1, in_frame_gap = 2, not_empty = 4 };
constexpr std::size_t fifo_words = 4;  // 15.5.2
constexpr std::uint32_t line_gap = 40, frame_gap_lines = 4;

/// What a camera puts on its lines: frames of lines of bytes, with gaps between both.
struct Camera {
  explicit Camera(const nlohmann::json &plan)
      : line_bytes(std::clamp(plan.value("line_bytes", 64u), 4u, 4096u)),
        lines(std::clamp(plan.value("lines", 16u), 1u, 2048u)),
        rate(std::clamp(plan.value("pixel_clock_hz", 4'000'000u), 1000u, 54'000'000u)),
        polarity{given(plan, "vsync_gap"), given(plan, "hsync_gap"), given(plan, "pixel_edge")},
        frame(from_hex(plan.value("frame", std::string()))) {}

  static std::optional<bool> given(const nlohmann::json &plan, const char *key) {
    const auto found = plan.find(key);
    return found != plan.end() && found->is_number() ? std::optional<bool>(found->get<int>() != 0) : std::nullopt;
  }
  /// Do the bits of DCMI_CR fit the camera? What the plan leaves open does.
  static bool fits(std::optional<bool> own, std::uint32_t bit) { return !own || *own == (bit != 0); }
  bool fits_frames(std::uint32_t control) const { return fits(polarity.vsync_gap, control & VSPOL); }
  bool fits_lines(std::uint32_t control) const { return fits(polarity.hsync_gap, control & HSPOL); }
  bool fits_clock(std::uint32_t control) const { return fits(polarity.pixel_edge, control & PCKPOL); }

  /// The scripted frame, or bytes that count up from a start that each line and each frame moves on.
  std::uint8_t byte(std::uint32_t number, std::uint32_t line, std::uint32_t column) const {
    if (!frame.empty()) return frame[(line * line_bytes + column) % frame.size()];
    return static_cast<std::uint8_t>(number + line + column);
  }
  std::uint32_t clocks_per_line() const { return line_bytes + line_gap; }
  std::uint64_t clocks_per_frame() const { return std::uint64_t{clocks_per_line()} * (lines + frame_gap_lines); }

  const std::uint32_t line_bytes, lines, rate;
  /// Levels of VSYNC between frames and of HSYNC between lines; is data to be taken at the rising edge?
  const struct {
    std::optional<bool> vsync_gap, hsync_gap, pixel_edge;
  } polarity;
  const std::vector<std::uint8_t> frame;
};

class Dcmi : public Peripheral {
 public:
  Dcmi(Board &owner, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  std::uint32_t peek(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  Time stable_until(std::uint32_t offset) override { return offset == DR ? board.now() : never; }
  void reset() override;
  void gate_changed(bool on) override;

 private:
  bool on() const { return (value(CR) & ENABLE) != 0 && clocked() && !held_in_reset(); }
  void write_control(std::uint32_t data);
  void check();
  void misuse(const std::string &text);
  void wait_for_frame();
  void step();
  void begin_frame();
  void end_line();
  void end_frame();
  bool lost() const;
  bool inside(std::uint32_t column) const;
  void take(std::uint8_t byte);
  void push();
  void refresh();
  Time at_clock(std::uint64_t clock) const { return periods(clock, camera_->rate); }

  std::unique_ptr<Camera> camera_;
  std::array<Signal *, 3> sync_;
  std::array<Signal *, 8> data_;
  DmaRequest &dma_;
  const int irq_;
  Event step_;

  std::deque<std::uint32_t> fifo_;
  std::uint64_t frame_number_ = 0;
  std::uint32_t line_ = 0, column_ = 0;
  bool in_frame_ = false, capturing_ = false, stop_asked_ = false, overrun_told_ = false;
  std::uint32_t word_ = 0, enabled_at_ = 0;
  int bytes_ = 0;
  unsigned captured_ = 0;
};

Dcmi::Dcmi(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      sync_{&owner.pins.signal("DCMI_PIXCLK"), &owner.pins.signal("DCMI_HSYNC"), &owner.pins.signal("DCMI_VSYNC")},
      dma_(owner.dma_requests.line("DCMI")),
      irq_(Board::irq("DCMI")),
      step_(owner.events, [this] { step(); }) {
  for (std::size_t n = 0; n < data_.size(); ++n) data_[n] = &owner.pins.signal("DCMI_D" + std::to_string(n));
  if (const auto &plan = owner.plan("camera"); plan.is_object()) camera_ = std::make_unique<Camera>(plan);
}

// ---- registers ----

std::uint32_t Dcmi::peek(std::uint32_t offset) {
  if (offset == SR) return (value(SR) & ~static_cast<std::uint32_t>(not_empty)) | (fifo_.empty() ? 0u : not_empty);
  if (offset == MIS) return value(RIS) & value(IER);
  if (offset == DR) return fifo_.empty() ? 0 : fifo_.front();
  return value(offset);
}

std::uint32_t Dcmi::read(std::uint32_t offset) {
  const std::uint32_t result = peek(offset);
  if (offset == DR && !fifo_.empty()) {
    fifo_.pop_front();
    refresh();
  }
  return result;
}

void Dcmi::write(std::uint32_t offset, std::uint32_t data) {
  if (offset == ICR) clear_bits(RIS, data);
  else if (offset == CR) write_control(data);
  else store(offset, data);
  refresh();
}

void Dcmi::write_control(std::uint32_t data) {
  const std::uint32_t before = value(CR);
  if (data & (JPEG | ESS)) return unsupported("CR.JPEG or ESS (compressed data, embedded synchronisation)");
  if (data >> 10 & 3) return unsupported("CR.EDM (10, 12 or 14 data lines)");
  store(CR, data);
  // In continuous mode CAPTURE goes at the end of the frame that is under way (15.8.1).
  if ((before & CAPTURE) != 0 && (data & CAPTURE) == 0 && capturing_ && on()) {
    set_bits(CR, CAPTURE);
    stop_asked_ = true;
  }
  if ((data & CAPTURE) != 0) stop_asked_ = false;
  if (const std::uint32_t both = ENABLE | CAPTURE; (data & both) == both && (before & both) != both && on()) check();
  if (((before ^ data) & ENABLE) == 0) return;
  step_.cancel();
  in_frame_ = capturing_ = stop_asked_ = false;
  fifo_.clear();
  set(SR, 0);
  enabled_at_ = board.pc();
  if (on() && camera_) wait_for_frame();
}

void Dcmi::misuse(const std::string &text) { finding("dcmi_misuse", text, CR); }

/// What camera and interface must agree on, at the moment that a capture is asked for.
void Dcmi::check() {
  const Severity severity = camera_ ? Severity::error : Severity::note;
  for (Signal *signal : sync_) signal->require("the DCMI takes its clock and synchronisation from the camera", severity);
  for (Signal *signal : data_) signal->require("the DCMI takes data from the camera", severity);
  if (!camera_) return finding("dcmi_misuse", "a capture is asked for, but no camera is connected: no frame will come", CR, Severity::note);
  const std::uint32_t bits = value(CR);
  const auto level = [](bool high) { return std::string(high ? "high" : "low"); };
  if (!camera_->fits_frames(bits))
    misuse("VSPOL says that VSYNC is " + level((bits & VSPOL) != 0) + " between frames, but this camera's is " + level((bits & VSPOL) == 0) +
           " there: no frame has data (RM0090 15.8.1)");
  if (!camera_->fits_lines(bits))
    misuse("HSPOL says that HSYNC is " + level((bits & HSPOL) != 0) + " between lines, but this camera's is " + level((bits & HSPOL) == 0) +
           " there: what is captured is no picture (RM0090 15.8.1)");
  if (!camera_->fits_clock(bits))
    misuse(std::string("PCKPOL takes data at the ") + (bits & PCKPOL ? "rising" : "falling") +
           " edge of PIXCLK, but this camera changes its data there (RM0090 15.8.1)");
  if (std::uint64_t{camera_->rate} * 5 > std::uint64_t{board.clocks.hclk} * 2)
    misuse("PIXCLK is " + std::to_string(camera_->rate) + " Hz: its period must be longer than 2.5 of HCLK's, at " +
           std::to_string(board.clocks.hclk) + " Hz (RM0090 15.4)");
}

// ---- the camera's time ----

/// The camera has run since power-on: the next frame is the first that begins from now on.
void Dcmi::wait_for_frame() {
  const std::uint64_t passed = count_periods(board.now(), camera_->rate);
  frame_number_ = passed / camera_->clocks_per_frame() + 1;
  in_frame_ = false;
  set(SR, in_frame_gap | in_line_gap);
  step_.at(std::max(board.now(), at_clock(frame_number_ * camera_->clocks_per_frame())));
}

void Dcmi::step() {
  if (!on()) return;
  if (!in_frame_) return begin_frame();
  if (column_ >= camera_->line_bytes) {
    column_ = 0;
    clear_bits(SR, in_line_gap);
  }
  // A word at a time; nothing but the end of the line is of interest if it is not captured.
  const std::uint32_t count = capturing_ ? std::min(4u, camera_->line_bytes - column_) : camera_->line_bytes - column_;
  for (std::uint32_t n = 0; n < count; ++n, ++column_)
    if (capturing_ && inside(column_)) take(lost() ? 0x10 : camera_->byte(static_cast<std::uint32_t>(frame_number_), line_, column_));
  if (column_ >= camera_->line_bytes) return end_line();
  const std::uint64_t clock = frame_number_ * camera_->clocks_per_frame() + std::uint64_t{line_} * camera_->clocks_per_line() + column_ + 4;
  step_.at(at_clock(clock));
}

void Dcmi::begin_frame() {
  in_frame_ = true;
  line_ = column_ = 0;
  clear_bits(SR, in_frame_gap | in_line_gap);
  const std::uint32_t rate = value(CR) >> 8 & 3;  // FCRC: all frames, every second, every fourth
  capturing_ = (value(CR) & CAPTURE) != 0 && (rate == 0 || captured_ % (rate == 1 ? 2 : 4) == 0);
  if (value(CR) & CAPTURE) ++captured_;
  bytes_ = 0;
  word_ = 0;
  step_.at(at_clock(frame_number_ * camera_->clocks_per_frame() + 4));
}

/// HSYNC becomes active: LINE_RIS, whether the line is captured or not (15.8.3).
void Dcmi::end_line() {
  set_bits(SR, in_line_gap);
  set_bits(RIS, LINE);
  ++line_;
  const std::uint64_t start = frame_number_ * camera_->clocks_per_frame() + std::uint64_t{line_} * camera_->clocks_per_line();
  if (line_ < camera_->lines) step_.at(at_clock(start + 4));
  else end_frame();
  refresh();
}

void Dcmi::end_frame() {
  set_bits(RIS, VSYNC | (capturing_ ? FRAME : 0u));
  if (capturing_ && ((value(CR) & SNAPSHOT) != 0 || stop_asked_)) clear_bits(CR, CAPTURE);
  capturing_ = stop_asked_ = false;
  wait_for_frame();
}

// ---- data ----

/// Are the lines taken where they carry no picture, or not taken at all?
bool Dcmi::lost() const {
  const bool wired = std::all_of(sync_.begin(), sync_.end(), [](const Signal *one) { return one->routed(); });
  return !wired || !camera_->fits_lines(value(CR)) || !camera_->fits_clock(value(CR));
}

/// The window of CWSTRT and CWSIZE, in lines and periods of PIXCLK (15.5.5, 15.8.9, 15.8.10).
bool Dcmi::inside(std::uint32_t column) const {
  if (!camera_->fits_frames(value(CR))) return false;
  if ((value(CR) & CROP) == 0) return true;
  const std::uint32_t top = value(CWSTRT) >> 16 & 0x1FFF, left = value(CWSTRT) & 0x3FFF;
  const std::uint32_t height = (value(CWSIZE) >> 16 & 0x3FFF) + 1, width = (value(CWSIZE) & 0x3FFF) + 1;
  return line_ - top < height && line_ >= top && column >= left && column - left < width;
}

/// Bytes fill the register from its low end (15.5.2).
void Dcmi::take(std::uint8_t byte) {
  std::uint8_t seen = 0;
  for (std::size_t n = 0; n < data_.size(); ++n)
    if (data_[n]->routed()) seen = static_cast<std::uint8_t>(seen | (byte & 1u << n));
  word_ |= std::uint32_t{seen} << 8 * bytes_;
  if (++bytes_ < 4) return;
  push();
  word_ = 0;
  bytes_ = 0;
}

void Dcmi::push() {
  if (fifo_.size() < fifo_words) {
    fifo_.push_back(word_);
    return refresh();
  }
  set_bits(RIS, OVR);
  if (!std::exchange(overrun_told_, true)) {
    Finding note;
    note.kind = "dcmi_overrun", note.severity = Severity::note;
    note.peripheral = name(), note.register_name = "DR", note.address = info().base + DR;
    note.text = "a word from the camera is lost: the DCMI's four words are full and nobody takes DCMI_DR; DMA2 stream 1 or 7 on channel 1 "
                "must be on for the whole frame (RM0090 15.5.1, 15.8.3)";
    board.findings.add_at(enabled_at_, std::move(note));
  }
  refresh();
}

void Dcmi::refresh() {
  interrupt(irq_, (value(RIS) & value(IER)) != 0);
  dma_.set(!fifo_.empty() && on());
}

void Dcmi::reset() {
  Peripheral::reset();
  step_.cancel();
  fifo_.clear();
  in_frame_ = capturing_ = stop_asked_ = overrun_told_ = false;
  captured_ = 0;
  dma_.drop();
  interrupt(irq_, false);
}

void Dcmi::gate_changed(bool running) {
  if (!running) step_.cancel();
  else if (on() && camera_) wait_for_frame();
}

}  // namespace

std::unique_ptr<Peripheral> make_dcmi(Board &board, const PeripheralInfo &info) { return std::make_unique<Dcmi>(board, info); }

}  // namespace board
