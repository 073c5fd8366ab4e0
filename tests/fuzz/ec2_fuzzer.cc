// Any bytes as the answers of EC2's instance metadata, one after the other, parted by NUL: what is read is within its
// bounds and made of what it may be made of, and nothing outside of its folders is asked for.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/ec2/ec2_identity.h"
#include "agent/ec2/ec2_paths.h"
#include "common/document/document.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

bool IsIdOrEmpty(const std::string& text) { return text.empty() || IsEc2Id(text); }

void CheckIdentity(const Ec2Identity& identity) {
  FAULTLINE_REQUIRE(IsEc2Id(identity.instance_id));
  FAULTLINE_REQUIRE(identity.instance_type.empty() || IsInstanceType(identity.instance_type));
  for (const std::string& id : {identity.region, identity.availability_zone, identity.vpc_id, identity.subnet_id}) {
    FAULTLINE_REQUIRE(IsIdOrEmpty(id));
  }
  FAULTLINE_REQUIRE(identity.vpc_cidrs.size() <= 128 && identity.interfaces.size() <= 64 && identity.tags.size() <= 64);
  std::size_t addresses = 0;
  for (const Ec2Interface& interface : identity.interfaces) {
    FAULTLINE_REQUIRE(IsMac(interface.mac) && IsIdOrEmpty(interface.id) && IsIdOrEmpty(interface.subnet_id));
    addresses += interface.addresses.size();
  }
  FAULTLINE_REQUIRE(addresses <= 2048);
  for (const auto& [key, value] : identity.tags) FAULTLINE_REQUIRE(IsTagKey(key) && IsTagValue(value));
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  absl::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto fetch = [&rest](const std::string& path) -> absl::StatusOr<std::string> {
    FAULTLINE_REQUIRE(!absl::StrContains(absl::StrCat("/", path, "/"), "/../") && !faultline::FindBadText(path));
    if (rest.empty()) return absl::NotFoundError(path);
    const absl::string_view answer = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), answer.size() + 1));
    return std::string(answer);
  };
  const faultline::Ec2Wanted wanted = {.tags = true, .name_tag = "Name"};
  const auto reading = faultline::ReadEc2Identity(wanted, {}, fetch);
  if (!reading.ok()) return 0;
  faultline::CheckIdentity(reading->identity);
  for (const std::string& line : reading->missing) FAULTLINE_REQUIRE(!faultline::FindBadText(line));
  // A second look, in which the answers stand for others, and some are garbage.
  rest = absl::string_view(reinterpret_cast<const char*>(data), size);
  rest.remove_prefix(size / 2);
  const auto again = faultline::ReadEc2Identity(wanted, reading->identity, fetch);
  if (again.ok()) faultline::CheckIdentity(again->identity);
  faultline::LabelsOf({}, reading->identity);
  return 0;
}
