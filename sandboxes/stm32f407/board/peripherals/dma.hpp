// DMA1 and DMA2 (RM0090 chapter 10).
#pragma once

#include <array>
#include <vector>

#include "../peripheral.hpp"

namespace board {

/// Requests come in on lines (core/dma_request.hpp); one event at a time serves the stream of highest priority.
class Dma : public Peripheral {
 public:
  Dma(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  void reset() override;
  void gate_changed(bool on) override;
  void report(nlohmann::json &report) override;

  /// Items that the stream serving a request still has to move; UINT32_MAX if none serves it (I2C's LAST needs it).
  std::uint32_t remaining(const std::string &request) const;

 private:
  enum Offset : std::uint32_t { LISR = 0x00, HISR = 0x04, LIFCR = 0x08, HIFCR = 0x0C };
  enum StreamOffset : std::uint32_t { CR = 0x00, NDTR = 0x04, PAR = 0x08, M0AR = 0x0C, M1AR = 0x10, FCR = 0x14 };

  struct Stream {
    std::uint32_t programmed = 0;                // what software last wrote to NDTR
    std::uint32_t count = 0, left = 0;           // items in a round, items still to come
    std::uint32_t peripheral = 0, memory = 0;    // how far the addresses have moved
    std::vector<std::uint8_t> fifo;
    bool stopped = false;                        // the last transfer was ended by software
    Time waiting_since = never;                  // when it was switched on, if it has moved nothing yet
    std::uint32_t pc = 0;                        // the instruction that did it
    std::uint32_t base = 0, end = UINT32_MAX;    // where it writes to, and where the variable there ends
  };
  struct Source {
    int stream, channel;
    const char *name;
    DmaRequest *line;
  };

  static std::uint32_t at(int stream, std::uint32_t which) { return 0x10 + 0x18 * static_cast<std::uint32_t>(stream) + which; }
  static int flag_shift(int stream);
  std::uint32_t control(int stream) const { return value(at(stream, CR)); }
  bool on(int stream) const { return control(stream) & 1; }
  /// DIR: 0 peripheral to memory, 1 memory to peripheral, 2 memory to memory.
  std::uint32_t direction(int stream) const { return control(stream) >> 6 & 3; }
  std::uint32_t flags(int stream) const;
  void raise(int stream, std::uint32_t bits);
  void interrupts(int stream);

  bool writable_while_on(int stream, std::uint32_t which, std::uint32_t data);
  void write_control(int stream, std::uint32_t data);
  void start(int stream);
  void stop_by_software(int stream);
  void fail(int stream);
  bool burst_fits(int stream) const;
  /// Does the stream carry that request on its channel?
  bool serves(int stream, const std::string &request) const;

  bool wants(int stream) const;
  DmaRequest *active_line(int stream) const;
  void wake();
  void serve();
  void transfer(int stream, DmaRequest *line);
  void finish(int stream, DmaRequest *line);
  void check();
  bool check_stream(int stream);
  void remark_unasked(int stream);
  void check_end(int stream, std::uint32_t address, int size);
  void remark_end(int stream, std::uint32_t end);
  std::uint32_t peripheral_address(int stream) const;
  std::uint32_t memory_address(int stream) const;
  int memory_size(int stream) const;
  bool fill(int stream, int wanted);
  bool drain(int stream, bool all);
  bool access(int stream, std::uint32_t address, int size, bool write, bool peripheral_port, std::uint32_t &item);

  const int number_;
  const Master master_;
  std::array<Stream, 8> streams_;
  std::array<int, 8> irqs_{};
  std::vector<Source> sources_;
  Event work_;
  Event check_;
};

}  // namespace board
