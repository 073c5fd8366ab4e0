#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/doctor/clock_facts.h"
#include "common/duration.h"

namespace faultline {
namespace {

// Reading them takes the kernel microseconds.
constexpr const char* kSlowSources[] = {"acpi_pm", "hpet", "jiffies", "pit"};

// What keeps the clock right, on this distribution.
std::string HowToSynchronise(const ClockFacts& facts) {
  const std::string family = absl::StrCat(" ", facts.platform.id, " ", facts.platform.like, " ");
  const auto is = [&family](absl::string_view id) { return family.find(absl::StrCat(" ", id, " ")) != family.npos; };
  const std::string unit = is("debian") || is("ubuntu") ? "chrony" : "chronyd";
  const std::string start = absl::StrCat("systemctl enable --now ", unit);
  if (facts.chrony) return "chronyc sources: none of chronyd's is in use";
  if (is("debian") || is("ubuntu")) return absl::StrCat("apt install chrony; ", start);
  if (is("amzn") || is("rhel") || is("fedora") || is("centos")) return absl::StrCat("dnf install chrony; ", start);
  if (is("suse")) return absl::StrCat("zypper install chrony; ", start);
  return "install and start chrony, or another NTP client";
}

Finding JudgeSource(const ClockFacts& facts) {
  constexpr absl::string_view kSubject = "clock-source";
  const std::string ptp = facts.ptp.empty() ? "" : absl::StrCat("; PTP: ", absl::StrJoin(facts.ptp, ", "));
  if (facts.source.empty()) return Good(kSubject, absl::StrCat("not known", ptp));
  if (std::ranges::find(kSlowSources, absl::string_view(facts.source)) == std::end(kSlowSources)) {
    return Good(kSubject, absl::StrCat(facts.source, ptp));
  }
  return Warning(kSubject, absl::StrCat(facts.source, " is slow to read: measured delays are coarse", ptp),
                 "boot without clocksource= on the kernel's command line");
}

}  // namespace

Examination JudgeClock(const ClockFacts& facts) {
  Examination findings = {JudgeSource(facts)};
  if (!facts.discipline) return findings;
  constexpr absl::string_view kSubject = "clock";
  if (facts.discipline->synchronised) {
    findings.push_back(Good(kSubject, absl::StrCat("synchronised", facts.chrony ? " by chronyd" : "", ", at most ",
                                                   FormatDuration(facts.discipline->most_error), " off")));
  } else {
    findings.push_back(Warning(kSubject,
                               "nothing keeps it right: certificates and '--at' go by it; runs, once begun, do not",
                               HowToSynchronise(facts)));
  }
  return findings;
}

}  // namespace faultline
