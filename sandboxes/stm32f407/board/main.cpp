// board PLAN.json: runs the firmware that the plan names and prints the report. Exit status 0: a report was printed,
// whatever the firmware did. 2: a plan or an image that cannot be run (the caller's mistake or the candidate's file, never
// a verdict of the board), with one line on stderr.
#include <unicorn/unicorn.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/board.hpp"

namespace {

void print_version() {
  unsigned major = 0, minor = 0;
  const unsigned version = uc_version(&major, &minor);  // a byte each: major, minor, patch, extra
  std::printf("board 1 (unicorn %u.%u.%u)\n", major, minor, version >> 8 & 0xFF);
}

void run(const std::string &path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  const auto plan = nlohmann::json::parse(in);
  const std::string elf = plan.at("elf").get<std::string>();
  const std::size_t slash = path.rfind('/');
  const bool absolute = !elf.empty() && elf[0] == '/';
  board::Board board(plan, absolute || slash == std::string::npos ? "" : path.substr(0, slash + 1));
  std::cout << board.run().dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

int main(int argc, char **argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) return print_version(), 0;
  if (argc != 2) {
    std::fprintf(stderr, "usage: board PLAN.json | board --version\n");
    return 2;
  }
  try {
    run(argv[1]);
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "board: %s\n", error.what());
    return 2;
  }
}
