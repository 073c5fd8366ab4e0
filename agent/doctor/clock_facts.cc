#include "agent/doctor/clock_facts.h"

#include <sys/timex.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "common/file.h"

namespace faultline {
namespace {

constexpr char kSourceFile[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
constexpr const char* kChronySockets[] = {"/run/chrony/chronyd.sock", "/var/run/chrony/chronyd.sock"};

std::optional<ClockFacts::Discipline> AskKernel() {
  timex state{};  // No mode: nothing is set.
  const int answer = adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return ClockFacts::Discipline{.synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0,
                                .most_error = std::chrono::microseconds(state.maxerror)};
}

std::vector<std::string> FindPtp() {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/sys/class/ptp", error), end; !error && entry != end;
       entry.increment(error)) {
    found.push_back(entry->path().filename());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

ClockFacts ReadClockFacts(Platform platform) {
  ClockFacts facts{.discipline = AskKernel(),
                   .source = std::string(absl::StripAsciiWhitespace(ReadFile(kSourceFile).value_or(""))),
                   .ptp = FindPtp(),
                   .platform = std::move(platform)};
  std::error_code error;
  facts.chrony =
      std::ranges::any_of(kChronySockets, [&error](const char* path) { return std::filesystem::exists(path, error); });
  return facts;
}

}  // namespace faultline
