#include "controller/report/client_doubts.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/figure_text.h"

namespace faultline {
namespace {

struct Doubt {
  std::string name;
  std::string text;
  std::uint64_t more = 0;
};

// Empty when its command ended well, and told of something.
std::string DoubtOf(const v1::Capture& capture) {
  std::vector<std::string> amiss;
  const v1::OperationLines& lines = capture.operations();
  if (capture.timed_out()) {
    amiss.push_back("its time ran out");
  } else if (capture.exit_code() != 0) {
    amiss.push_back(absl::StrCat("exit code ", capture.exit_code()));
  }
  if (lines.cut()) amiss.push_back("it printed more than the 64 MiB that are read");
  const bool silent = lines.operations() + lines.happenings() + lines.accountings() == 0;
  if (silent) amiss.push_back("it told of nothing");
  if (amiss.empty()) return "";
  return absl::StrCat(absl::StrJoin(amiss, ", "), silent ? "" : "; what it told may not be all");
}

}  // namespace

std::vector<std::string> ClientDoubtsOf(const v1::Run& run) {
  std::vector<Doubt> doubts;
  for (const v1::Capture& capture : run.captures()) {
    if (!capture.has_operations()) continue;
    const std::string text = DoubtOf(capture);
    if (text.empty()) continue;
    if (const auto known = std::ranges::find(doubts, capture.name(), &Doubt::name); known != doubts.end()) {
      ++known->more;
    } else {
      doubts.push_back(
          {capture.name(), absl::StrCat("observation ", capture.name(), ", ", capture.moment(), ": ", text)});
    }
  }
  std::vector<std::string> texts;
  for (const Doubt& doubt : doubts) {
    const std::string more =
        doubt.more == 0 ? "" : absl::StrCat(" (", GroupedCount(doubt.more), " more of its moments)");
    texts.push_back(doubt.text + more);
  }
  return texts;
}

}  // namespace faultline
