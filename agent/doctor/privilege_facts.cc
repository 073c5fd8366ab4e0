#include "agent/doctor/privilege_facts.h"

#include <linux/capability.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file.h"

namespace faultline {

std::optional<std::uint64_t> ParseEffective(absl::string_view status) {
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    std::uint64_t bits = 0;
    if (absl::ConsumePrefix(&line, "CapEff:") && absl::SimpleHexAtoi(line, &bits)) return bits;
  }
  return std::nullopt;
}

PrivilegeFacts ReadPrivilegeFacts() {
  return {.user = geteuid(), .effective = ParseEffective(ReadFile("/proc/self/status").value_or(""))};
}

Examination JudgePrivileges(const PrivilegeFacts& facts) {
  constexpr absl::string_view kSubject = "privileges";
  const std::string who = facts.user == 0 ? "root" : absl::StrCat("user ", facts.user);
  if (!facts.effective) {
    return {Warning(kSubject, absl::StrCat(who, "; its capabilities cannot be read"), "mount /proc")};
  }
  const auto has = [&facts](int capability) { return ((*facts.effective >> capability) & 1U) != 0; };
  if (!has(CAP_NET_ADMIN)) {
    return {Bad(kSubject, absl::StrCat(who, " without CAP_NET_ADMIN, which faults take"),
                "run it as root, or as the unit faultline-agent.service does")};
  }
  return {Good(kSubject, absl::StrCat(who, " with CAP_NET_ADMIN", has(CAP_SYS_ADMIN) ? "" : " alone"))};
}

}  // namespace faultline
