#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/capability.h"
#include "common/examination.h"

namespace faultline {

// The distributions of nodes, as their /etc/os-release and uname have them.
inline const std::vector<Platform>& Platforms() {
  static const std::vector<Platform> platforms = {
      {.id = "amzn", .like = "fedora", .kernel_release = "6.1.115-126.197.amzn2023.x86_64"},
      {.id = "ubuntu", .like = "debian", .kernel_release = "5.15.0-1071-aws"},
      {.id = "ubuntu", .like = "debian", .kernel_release = "6.8.0-1018-aws"},
      {.id = "debian", .like = "", .kernel_release = "6.1.0-27-cloud-amd64"},
      {.id = "rocky", .like = "rhel centos fedora", .kernel_release = "5.14.0-503.el9.x86_64"},
      {.id = "", .like = "", .kernel_release = "6.12.1"}};
  return platforms;
}

// The only finding of this subject; a bad one that says so when there is none, or several.
inline Finding Of(const Examination& findings, const std::string& subject) {
  const auto is = [&subject](const Finding& finding) { return finding.subject == subject; };
  if (std::ranges::count_if(findings, is) != 1) return Bad("test", "not one finding of " + subject, "");
  return *std::ranges::find_if(findings, is);
}

// Those that are not good and have no mend.
inline std::vector<std::string> WithoutMend(const Examination& findings) {
  std::vector<std::string> subjects;
  for (const Finding& finding : findings) {
    if (finding.health != Health::kGood && finding.mend.empty()) subjects.push_back(finding.subject);
  }
  return subjects;
}

}  // namespace faultline
