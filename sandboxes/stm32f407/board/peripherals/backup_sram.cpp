// Backup SRAM: 4 KB that standby mode leaves alone while the backup regulator is on (RM0090 5.1.2, 2.3.1).
#include <vector>

#include "../core/core.hpp"
#include "pwr.hpp"

namespace board {
namespace {

constexpr std::uint32_t noise = 0xA5A5A5A5;  // as in the other RAM after power-on

class BackupSram : public Peripheral {
 public:
  BackupSram(Board &b, const PeripheralInfo &info) : Peripheral(b, info), words_(info.size / 4, noise) {}

  std::uint32_t read(std::uint32_t offset) override { return words_[offset / 4]; }
  std::uint32_t peek(std::uint32_t offset) override { return words_[offset / 4]; }

  void write(std::uint32_t offset, std::uint32_t data) override {
    const auto *pwr = board.find<Pwr>("PWR");
    if (!pwr || pwr->backup_writable()) {
      words_[offset / 4] = data;
    } else if (words_[offset / 4] != data) {
      finding("backup_domain_protected",
              "store to the backup SRAM while the backup domain is write-protected: it has no effect; set PWR_CR.DBP first (RM0090 5.1.2)");
    }
  }

  /// Resets leave it alone; standby mode takes it, as it begins, with the 1.2 V domain unless CSR.BRE is set (5.1.2).
  void reset() override {
    const auto *pwr = board.find<Pwr>("PWR");
    if (board.core().standby && pwr && !pwr->backup_regulator()) words_.assign(words_.size(), noise);
  }

 private:
  std::vector<std::uint32_t> words_;
};

}  // namespace

std::unique_ptr<Peripheral> make_backup_sram(Board &board, const PeripheralInfo &info) { return std::make_unique<BackupSram>(board, info); }

}  // namespace board
