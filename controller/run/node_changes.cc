#include "controller/run/node_changes.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/capability_codec.h"
#include "common/prefix.h"

namespace faultline {
namespace {

std::string AddressText(const v1::NodeAddress& address) {
  const absl::StatusOr<IpAddress> parsed = IpAddress::FromBytes(address.address());
  return parsed.ok() ? parsed->ToString() : "?";
}

// All that is compared, each as a text of its own.
std::set<std::string> TraitsOf(const v1::NodeInfo& node) {
  std::set<std::string> traits;
  for (const v1::NodeAddress& address : node.addresses()) {
    traits.insert(absl::StrCat(AddressText(address), " on ", address.interface()));
  }
  for (const auto& [key, value] : node.labels()) traits.insert(absl::StrCat(key, "=", value));
  for (const Capability capability : DecodeCapabilities(node.capabilities()).ToVector()) {
    traits.insert(std::string(NameOf(capability)));
  }
  for (const v1::Ec2Interface& interface : node.ec2().interfaces()) {
    traits.insert(
        absl::StrCat(interface.id().empty() ? "an EC2 interface" : interface.id(), " (", interface.mac(), ")"));
  }
  for (const std::string& cidr : node.ec2().vpc_cidrs()) traits.insert(absl::StrCat("VPC CIDR ", cidr));
  traits.insert(absl::StrCat("Linux ", node.capabilities().kernel_release()));
  return traits;
}

std::vector<std::string> Without(const std::set<std::string>& some, const std::set<std::string>& others) {
  std::vector<std::string> rest;
  std::ranges::set_difference(some, others, std::back_inserter(rest));
  return rest;
}

}  // namespace

std::string DescribeNode(const v1::NodeInfo& node) {
  std::vector<std::string> addresses;
  for (const v1::NodeAddress& address : node.addresses()) addresses.push_back(AddressText(address));
  return absl::StrCat("Linux ", node.capabilities().kernel_release(), addresses.empty() ? "" : ", ",
                      absl::StrJoin(addresses, " "));
}

std::string DescribeChanges(const v1::NodeInfo& before, const v1::NodeInfo& after) {
  const std::set<std::string> old_traits = TraitsOf(before);
  const std::set<std::string> new_traits = TraitsOf(after);
  const std::vector<std::string> came = Without(new_traits, old_traits);
  const std::vector<std::string> gone = Without(old_traits, new_traits);
  std::vector<std::string> parts;
  if (!came.empty()) parts.push_back(absl::StrCat("came: ", absl::StrJoin(came, ", ")));
  if (!gone.empty()) parts.push_back(absl::StrCat("gone: ", absl::StrJoin(gone, ", ")));
  return absl::StrJoin(parts, "; ");
}

}  // namespace faultline
