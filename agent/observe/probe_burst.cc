#include "agent/observe/probe_burst.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status CheckEnds(absl::string_view what, const std::vector<BurstEnd>& ends) {
  if (ends.size() > kMostBurstEnds) {
    return absl::InvalidArgumentError(absl::StrCat(ends.size(), " ", what, " are more than ", kMostBurstEnds));
  }
  for (auto end = ends.begin(); end != ends.end(); ++end) {
    FAULTLINE_RETURN_IF_ERROR(CheckName(end->peer.text(), "name of a peer"));
    if (std::find(ends.begin(), end, *end) != end) {
      return absl::InvalidArgumentError(absl::StrCat("peer ", end->peer.text(), " is given twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBurst(const ProbeBurst& burst) {
  if (burst.length <= Duration(0) || burst.length > kLongestBurst || burst.length % kBurstMark != Duration(0)) {
    return absl::InvalidArgumentError(absl::StrCat("its length ", FormatDuration(burst.length),
                                                   " is not of whole milliseconds up to ",
                                                   FormatDuration(kLongestBurst)));
  }
  if (burst.start > ControllerTime::max() - kLongestBurst) return absl::InvalidArgumentError("it starts never");
  FAULTLINE_RETURN_IF_ERROR(CheckEnds("peers to probe", burst.to));
  FAULTLINE_RETURN_IF_ERROR(CheckEnds("peers to note", burst.from));
  if (burst.interval > burst.length) return absl::InvalidArgumentError("its interval is longer than itself");
  const auto targets = static_cast<Duration::rep>(std::max<std::size_t>(burst.to.size(), 1));
  if (burst.interval >= Duration(std::chrono::seconds(1)) * targets / kMostBurstProbesPerSecond) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(targets, " probes every ", FormatDuration(burst.interval),
                                                 " are more than ", kMostBurstProbesPerSecond, " a second"));
}

}  // namespace

absl::Status CheckProbeBursts(const std::vector<ProbeBurst>& bursts) {
  if (bursts.size() > kMostBursts) {
    return absl::InvalidArgumentError(absl::StrCat(bursts.size(), " bursts are more than ", kMostBursts));
  }
  std::set<std::uint32_t> numbers;
  for (auto burst = bursts.begin(); burst != bursts.end(); ++burst) {
    const absl::Status status = CheckBurst(*burst);
    if (!status.ok()) return WithContext(status, absl::StrCat("burst ", burst->number));
    if (!numbers.insert(burst->number).second) {
      return absl::InvalidArgumentError(absl::StrCat("burst ", burst->number, " is given twice"));
    }
    const auto meets = [&](const ProbeBurst& other) {
      return other.start < burst->end() && burst->start < other.end();
    };
    if (std::find_if(bursts.begin(), burst, meets) != burst) {
      return absl::InvalidArgumentError(absl::StrCat("burst ", burst->number, " is at the time of another"));
    }
  }
  return absl::OkStatus();
}

}  // namespace faultline
