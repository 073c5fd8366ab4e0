#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace faultline {

// Instance metadata as an instance with two interfaces has it: path below /latest/meta-data/ to text.
inline std::map<std::string, std::string> MetadataTree() {
  const std::string macs = "network/interfaces/macs/";
  const std::string first = macs + "0a:ff:00:11:22:33/";
  const std::string second = macs + "0a:ff:00:11:22:44/";
  return {{"instance-id", "i-0123456789abcdef0"},
          {"instance-type", "m7g.large"},
          {"mac", "0a:ff:00:11:22:33"},
          {"placement/region", "eu-west-2"},
          {"placement/availability-zone", "eu-west-2a"},
          // Not by device number.
          {macs, "0a:ff:00:11:22:44/\n0a:ff:00:11:22:33/\n"},
          {first + "device-number", "0"},
          {first + "interface-id", "eni-0a"},
          {first + "subnet-id", "subnet-0a"},
          {first + "vpc-id", "vpc-0a"},
          {first + "local-ipv4s", "172.32.4.2\n172.32.4.3"},
          {first + "ipv6s", "fd20::402"},
          {first + "vpc-ipv4-cidr-blocks", "172.32.0.0/16\n100.64.0.0/16"},
          {first + "vpc-ipv6-cidr-blocks", "fd20::/56"},
          {second + "device-number", "1"},
          {second + "interface-id", "eni-0b"},
          {second + "subnet-id", "subnet-0b"},
          {second + "vpc-id", "vpc-0a"},
          {second + "local-ipv4s", "172.32.9.2"},
          {second + "vpc-ipv4-cidr-blocks", "172.32.0.0/16"},
          {"tags/instance/", "Name\nenv"},
          {"tags/instance/Name", "web-1"},
          {"tags/instance/env", "prod"}};
}

inline absl::StatusOr<std::string> TextIn(const std::map<std::string, std::string>& tree, const std::string& path) {
  const auto found = tree.find(path);
  if (found == tree.end()) return absl::NotFoundError(absl::StrCat(path, ": there is none (404)"));
  return found->second;
}

}  // namespace faultline
