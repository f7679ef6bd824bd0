// The SDIO's data path and FIFO (RM0090 31.3.1, "Data path state machine", "Data FIFO").
#include <algorithm>

#include "sdio.hpp"
#include "sdio_bits.hpp"

namespace board {
using namespace sdio;

namespace {

/// Start bit, checksum of 16 bits and end bit; the card's word on a written block; before a block is sent.
constexpr std::uint64_t frame_bits = 18, verdict_bits = 8, turn_around = 4;

}  // namespace

// ---- control ----

void Sdio::write_data_control(std::uint32_t data) {
  if (data & io_card) return unsupported("DCTRL: read wait and SDIO cards");
  const std::uint32_t changed = value(DCTRL) ^ data;
  store(DCTRL, data);
  if ((data & DTEN) == 0) {
    if (active()) stop_path(0);
    return;
  }
  if (data & DTMODE) return unsupported("DCTRL.DTMODE (stream transfers of MMC)");
  // DMAEN may be set a moment later, or cleared when all is over; anything else begins anew.
  const bool only_dma = (changed & ~static_cast<std::uint32_t>(DMAEN)) == 0;
  if (only_dma && (active() || (changed != 0 && (data & DMAEN) == 0))) return;
  start_data(data);
}

void Sdio::start_data(std::uint32_t control) {
  stop_path(0);
  dma_.drop();
  control_at_ = board.pc();
  const std::uint32_t length = value(DLEN);
  set(DCOUNT, length);
  set(FIFOCNT, (length + 3) / 4);
  check_data();
  wired(true);
  if (control & DTDIR) return wait_for_start();
  path_ = Path::wait_send;
  set_bits(STA, TXACT);
  if (length == 0) stop_path(DATAEND);
}

/// What the manual asks of the registers before DTEN is set.
void Sdio::check_data() {
  if (value(DLEN) % block_length() != 0)
    misuse(DCTRL, "a transfer of " + std::to_string(value(DLEN)) + " bytes in blocks of " + std::to_string(block_length()) +
           " begins: DLEN must be a multiple of the block's size (DBLOCKSIZE) (RM0090 31.9.8)");
  if (value(DTIMER) == 0)
    misuse(DCTRL, "a transfer begins with SDIO_DTIMER = 0: the path times out as soon as it waits; write the timer and the length before DCTRL "
           "(RM0090 31.9.7, 31.9.9)");
  const std::uint64_t rate = card_clock();
  if (rate * 3 > std::uint64_t{bus_clock()} * 8)
    misuse(DCTRL, "PCLK2 is " + std::to_string(bus_clock()) + " Hz, less than 3/8 of SDIO_CK's " + std::to_string(rate) + " Hz (RM0090 31.3)");
}

/// Back to idle, with these flags; the FIFO is switched off and empties.
void Sdio::stop_path(std::uint32_t flags) {
  data_event_.cancel();
  timer_event_.cancel();
  path_ = Path::idle;
  fifo_.clear();
  clear_bits(STA, RXACT | TXACT);
  set_bits(STA, flags);
}

void Sdio::time_out() {
  stop_path(DTIMEOUT);
  refresh();
}

void Sdio::data_step() {
  switch (path_) {
    case Path::receive: position_ < block_.size() ? receive_word() : receive_end(); break;
    case Path::send: position_ < block_length() ? send_word() : send_end(); break;
    case Path::busy: no_longer_busy(); break;
    default: break;
  }
  refresh();
}

void Sdio::check_width() {
  if (lines() == card_->width() || std::exchange(width_told_, true)) return;
  misuse(CLKCR, "data goes over " + std::to_string(lines()) + (lines() == 1 ? " line" : " lines") + " of the SDIO (WIDBUS in CLKCR), but the card uses " +
         std::to_string(card_->width()) + ": both change together, the card by ACMD6 (RM0090 31.4.9, 31.9.2)", Severity::error, control_at_);
}

// ---- from the card ----

void Sdio::wait_for_start() {
  path_ = Path::wait_receive;
  set_bits(STA, RXACT);
  if (value(DCOUNT) == 0) {
    path_ = Path::drain;
    set_bits(STA, DATAEND);
    if (fifo_.empty()) stop_path(0);
    return;
  }
  if (card_clock() != 0) timer_event_.at(later(board.now(), clocks(value(DTIMER))));
}

/// The card puts the start bit of its next block on the lines, whether the host waits for it or not.
void Sdio::card_starts() {
  if (!card_->sends() || card_clock() == 0) return;
  std::vector<std::uint8_t> block = card_->next_block();
  const auto length = clocks(8 * block.size() / static_cast<std::size_t>(card_->width()) + frame_bits);
  if (card_->sends()) card_event_.at(later(board.now(), length + microsecond));
  if (path_ != Path::wait_receive) return;
  timer_event_.cancel();
  const bool all_wired = wired(true);
  check_width();
  if (!data_[0]->routed()) return time_out();
  if (lines() > card_->width() || !all_wired) return stop_path(STBITERR), refresh();  // no start bit on every line
  spoilt_ = lines() < card_->width() || block.size() != block_length();
  if (lines() < card_->width()) std::fill(block.begin(), block.end(), std::uint8_t{0xFF});
  block.resize(std::min<std::size_t>(block_length(), value(DCOUNT)), 0xFF);
  block_ = std::move(block);
  position_ = 0;
  path_ = Path::receive;
  data_event_.at(later(board.now(), clocks(1 + 32 / static_cast<std::uint64_t>(lines()))));
  refresh();
}

void Sdio::receive_word() {
  if (fifo_.size() == fifo_words) {
    if (flow_control()) return;  // SDIO_CK stands still until a word is taken
    return stop_path(RXOVERR);
  }
  std::uint32_t word = 0;
  const std::size_t count = std::min<std::size_t>(4, block_.size() - position_);
  for (std::size_t n = 0; n < count; ++n) word |= std::uint32_t{block_[position_ + n]} << 8 * n;
  fifo_.push_back(word);
  position_ += count;
  set(DCOUNT, value(DCOUNT) - static_cast<std::uint32_t>(count));
  data_event_.at(later(board.now(), clocks(position_ < block_.size() ? 32 / static_cast<std::uint64_t>(lines()) : frame_bits)));
}

void Sdio::receive_end() {
  if (spoilt_) return stop_path(DCRCFAIL);
  set_bits(STA, DBCKEND);
  wait_for_start();
}

// ---- to the card ----

/// Wait_S: data has come and the card is not busy.
void Sdio::try_send() {
  if (path_ != Path::wait_send || fifo_.empty() || data_event_.scheduled() || card_clock() == 0) return;
  block_.clear();
  position_ = 0;
  path_ = Path::send;
  const bool all_wired = wired(true);
  const bool listens = card_ && card_->receives(board.now());
  if (listens) check_width();
  spoilt_ = !all_wired || !listens || lines() != card_->width() || block_length() != SdCard::block_size;
  data_event_.at(later(board.now(), clocks(turn_around + 32 / static_cast<std::uint64_t>(lines()))));
}

void Sdio::send_word() {
  if (fifo_.empty()) {
    if (flow_control()) return;  // until a word has come
    return stop_path(TXUNDERR);
  }
  const std::uint32_t word = fifo_.front(), count = std::min(4u, block_length() - static_cast<std::uint32_t>(position_));
  fifo_.pop_front();
  for (std::uint32_t n = 0; n < count; ++n) block_.push_back(static_cast<std::uint8_t>(word >> 8 * n));
  position_ += count;
  set(DCOUNT, value(DCOUNT) - std::min(value(DCOUNT), count));
  data_event_.at(later(board.now(), clocks(position_ < block_length() ? 32 / static_cast<std::uint64_t>(lines()) : frame_bits + verdict_bits)));
}

/// The card's word on the block: without a good one the path stops (31.3.1, Busy).
void Sdio::send_end() {
  if (spoilt_ || !card_ || card_->state(board.now()) != SdCard::State::receiving) return stop_path(DCRCFAIL);
  card_->received(block_, board.now());
  set_bits(STA, DBCKEND);
  path_ = Path::busy;
  timer_event_.at(later(board.now(), clocks(value(DTIMER))));
  data_event_.at(card_->busy_until());
}

void Sdio::no_longer_busy() {
  timer_event_.cancel();
  if (value(DCOUNT) == 0) return stop_path(DATAEND);
  path_ = Path::wait_send;
  try_send();
}

// ---- the FIFO ----

std::uint32_t Sdio::fifo_flags() const {
  const std::size_t count = fifo_.size();
  if (receiving())
    return (count >= 8 ? RXFIFOHF : 0u) | (count == fifo_words ? RXFIFOF : 0u) | (count == 0 ? RXFIFOE : RXDAVL);
  if (path_ == Path::busy && value(DCOUNT) == 0) return TXFIFOE;  // all is sent: the FIFO takes no more
  if (sending())
    return (count + 8 <= fifo_words ? TXFIFOHE : 0u) | (count == fifo_words ? TXFIFOF : 0u) | (count == 0 ? TXFIFOE : TXDAVL);
  return 0;
}

std::uint32_t Sdio::take_word() {
  if (!receiving() || fifo_.empty()) return 0;
  const std::uint32_t word = fifo_.front();
  fifo_.pop_front();
  if (value(FIFOCNT) != 0) set(FIFOCNT, value(FIFOCNT) - 1);
  if (value(FIFOCNT) == 0) dma_.last();
  if (path_ == Path::drain && fifo_.empty()) stop_path(0);
  resume();
  refresh();
  return word;
}

void Sdio::put_word(std::uint32_t word) {
  if (!sending() || fifo_.size() == fifo_words) {
    const char *why = sending() ? "the FIFO is full (wait for TXFIFOHE)" : "the data path does not send (DTEN with DTDIR = 0 first)";
    if (!std::exchange(full_told_, true))
      misuse(FIFO, std::string("a word written to SDIO_FIFO is lost: ") + why + " (RM0090 31.3.1, 31.9.15)", Severity::note);
    return;
  }
  fifo_.push_back(word);
  if (value(FIFOCNT) != 0) set(FIFOCNT, value(FIFOCNT) - 1);
  if (value(FIFOCNT) == 0) dma_.last();
  try_send();
  resume();
}

/// With hardware flow control (HWFC_EN) a full or an empty FIFO stops the card's clock; here it goes on.
void Sdio::resume() {
  const bool waits = (path_ == Path::receive || path_ == Path::send) && !data_event_.scheduled();
  if (waits && card_clock() != 0) data_event_.at(later(board.now(), clocks(8)));
}

}  // namespace board
