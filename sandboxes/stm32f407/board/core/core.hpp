// The parts of the board that peripherals do not see.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "board.hpp"
#include "cpu.hpp"
#include "exceptions.hpp"
#include "image.hpp"
#include "nvic.hpp"
#include "system_control.hpp"

namespace board {

class Fsmc;

/// Routes accesses of the core and of DMA to peripherals and system registers.
class Accesses : public MemoryBus {
 public:
  explicit Accesses(Board &board) : board_(board) {}
  /// After the peripherals were made: tells the core which addresses are theirs.
  void map();

  std::uint32_t load(std::uint32_t address, int size) override;
  void store(std::uint32_t address, int size, std::uint32_t value) override;
  BusResult dma_load(std::uint32_t address, int size);
  bool dma_store(std::uint32_t address, int size, std::uint32_t value);
  /// Why the last access that failed was refused, if more is known than that nothing is there.
  const std::string &refusal() const { return refusal_; }

 private:
  struct Slot {
    std::uint32_t base, size;
    const PeripheralInfo *info;
    Peripheral *model;  // nullptr: known by name only
  };
  const Slot *slot_at(std::uint32_t address) const;
  bool load_word(const Slot &slot, std::uint32_t address, std::uint32_t &value);
  void store_lanes(const Slot &slot, std::uint32_t address, int size, std::uint32_t value);
  std::uint32_t load_bit(std::uint32_t address, int size);
  void store_bit(std::uint32_t address, std::uint32_t value);
  bool reachable(const Slot &slot, std::uint32_t address, bool write);
  void check_read_only(const Slot &slot, const RegisterInfo &info, std::uint32_t old, std::uint32_t data, bool whole);
  void run_events();
  bool begin(std::uint32_t address, int size, bool write, std::uint32_t value);
  bool fsmc_in_use() const;
  bool fsmc_works(std::uint32_t address, bool write);
  bool external_load(std::uint32_t address, int size, std::uint32_t &value);
  bool external_store(std::uint32_t address, int size, std::uint32_t value);
  void bus_error(std::uint32_t address, int size, bool write, std::uint32_t value);

  Board &board_;
  Fsmc *fsmc_ = nullptr;
  std::string refusal_;
  std::vector<Slot> slots_;
};

struct InterruptCount {
  std::uint64_t count = 0, worst_latency = 0;  // cycles
};

struct Board::Core {
  Core(Board &board, const nlohmann::json &plan, const std::string &folder);
  ~Core();

  Board &board;
  std::unique_ptr<const nlohmann::json> plan;  // a pointer: few files need all of the library
  Image image;
  Accesses accesses;
  Cpu cpu{accesses};
  Nvic nvic;
  Exceptions exceptions{cpu, nvic};
  SystemControl system;
  std::map<std::string, std::unique_ptr<Peripheral>> peripherals;

  // Time: cycles of HCLK, mapped from the moment of the last change of clocks.
  Time epoch = 0;
  std::uint64_t epoch_cycles = 0;
  Time time_at(std::uint64_t cycles) const { return later(epoch, periods(cycles - epoch_cycles, board.clocks.hclk)); }
  /// The first cycle that is not before `time`.
  std::uint64_t cycle_at(Time time) const;
  std::uint32_t pc() const { return cpu.pc(); }

  // The run.
  Time end = 0;
  std::uint64_t instruction_limit = 4'000'000'000;  // some minutes on any machine
  Ending ending = Ending::running;
  std::uint64_t slept_cycles = 0;
  Time slept = 0, polled = 0;
  bool strict = true;  // does misuse decide? A storm of interrupts ends the run then
  bool sleeping = false, waiting_for_event = false, deep = false, standby = false;
  std::string reset_requested;
  std::vector<std::pair<std::string, Time>> resets;
  std::vector<std::string> unsupported;
  std::vector<Fault> faults;
  std::map<int, InterruptCount> interrupts;
  std::map<int, std::set<const void *>> line_sources;
  std::vector<std::unique_ptr<Event>> stimuli;

  void start();
  void reset_system(const std::string &cause);
  void step();
  void handle(Stop stop);
  void leave_exception();
  void skip_polling();
  void fall_asleep(bool for_event);
  void sleep();
  void wake();
  void enter_stop();
  void enter_standby();
  bool stop_refused();
  std::uint32_t waited_at();
  void leave_stop();
  void on_entry(int number);
  void count_in_a_row(int number, const std::string &name);
  void remark_interrupts();
  void raise_memory_fault(Stop stop);
  std::uint32_t jumped_from(std::uint32_t at) const;
  void report_null(const BadAccess &access);
  void wire_plan();
  void connect();
  void watch_waiting(std::uint64_t cycles);
  std::string where(std::uint32_t address) const;
  std::uint64_t instructions() const { return cpu.cycles - slept_cycles - cpu.polled - exceptions.spent; }

  // A run of handlers without a single instruction of thread mode in between.
  struct {
    std::map<int, unsigned> entries;
    std::set<int> released;  // whose line was low at an exit
  } chain;
  // The loop that the firmware is waiting in.
  struct {
    std::uint32_t head = 0;
    std::uint64_t cycles = 0, last = 0;
    int handler = 0, blocked = 0;
    bool reported = false;
    bool loads = false;
    std::vector<std::uint32_t> registers;
  } waiting;
};

std::string hex(std::uint32_t value, int digits = 8);
/// The name of the register at an address of a peripheral or of the core: "USART2.SR".
std::string register_at(std::uint32_t address);
/// One table of models: peripherals/table.cpp.
std::unique_ptr<Peripheral> make_peripheral(Board &board, const PeripheralInfo &info);
nlohmann::json make_report(Board &board);

}  // namespace board
