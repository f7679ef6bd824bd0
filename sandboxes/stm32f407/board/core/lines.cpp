#include "lines.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace board {
namespace {

/// Runs a program with its output in a pipe; no shell, so that no path needs quoting.
std::string output_of(std::vector<std::string> command) {
  int ends[2];
  if (pipe(ends) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    std::vector<char *> arguments;
    for (auto &argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    if (!freopen("/dev/null", "w", stderr)) _exit(127);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  std::array<char, 4096> buffer;
  for (ssize_t got; child > 0 && (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) output.append(buffer.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  return output;
}

/// "/a/b/main.c:31 (discriminator 2)" to "main.c:31".
std::string short_line(std::string line) {
  line = line.substr(0, line.find(' '));
  const std::size_t slash = line.rfind('/');
  if (slash != std::string::npos) line.erase(0, slash + 1);
  return line.find('?') != std::string::npos || (line.size() > 2 && line.substr(line.size() - 2) == ":0") ? "" : line;
}

}  // namespace

void Lines::name(nlohmann::json &entry, std::uint32_t pc) {
  const Symbol *function = image_.function_at(pc);
  entry["symbol"] = function ? function->name : "";
  entry["line"] = "";
  if (function) lines_[pc] = "";
}

void Lines::resolve(nlohmann::json &report) {
  if (lines_.empty()) return;
  std::vector<std::string> command = {"arm-none-eabi-addr2line", "-e", image_.path()};
  for (const auto &[pc, line] : lines_) command.push_back(std::to_string(pc));
  // addr2line reads hexadecimal numbers.
  std::size_t index = 3;
  for (const auto &[pc, line] : lines_) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%x", pc);
    command[index++] = text;
  }
  const std::string output = output_of(command);
  std::size_t begin = 0;
  for (auto &[pc, line] : lines_) {
    const std::size_t end = output.find('\n', begin);
    if (end == std::string::npos) break;
    line = short_line(output.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto fill = [this](nlohmann::json &entry) {
    const auto found = lines_.find(entry["pc"].get<std::uint32_t>());
    if (found != lines_.end()) entry["line"] = found->second;
  };
  for (const char *list : {"faults", "findings"})
    for (auto &entry : report[list]) fill(entry);
  if (report["waiting"].is_object()) fill(report["waiting"]);
}

}  // namespace board
