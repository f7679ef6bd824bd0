#include "findings.hpp"

#include "board.hpp"
#include "core.hpp"

namespace board {

void Findings::add(Finding finding) { add_at(board_.core().pc(), std::move(finding)); }

std::size_t Findings::add_at(std::uint32_t pc, Finding finding) {
  const auto key = std::make_tuple(finding.kind, pc, finding.peripheral, finding.register_name);
  const auto known = index_.find(key);
  if (known != index_.end()) {
    ++findings_[known->second].count;
    return known->second;
  }
  if (findings_.size() >= limit) return nowhere;
  index_[key] = findings_.size();
  finding.pc = pc;
  finding.at = board_.now();
  findings_.push_back(std::move(finding));
  return findings_.size() - 1;
}

bool Findings::has(const std::string &kind) const {
  for (const auto &finding : findings_)
    if (finding.kind == kind) return true;
  return false;
}

}  // namespace board
