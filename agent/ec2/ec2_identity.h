#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/prefix.h"

namespace faultline {

// A network interface that EC2 has given to an instance. What is not known is empty.
struct Ec2Interface {
  // "eni-0123456789abcdef0".
  std::string id;
  // "0a:ff:00:11:22:33".
  std::string mac;
  // 0: the primary one.
  std::optional<std::uint32_t> device_number;
  std::string subnet_id;
  // Its private ones.
  std::vector<IpAddress> addresses;

  friend bool operator==(const Ec2Interface&, const Ec2Interface&) = default;
};

// What EC2's instance metadata says of a node. A value; what is not known is empty, but for the instance's id.
struct Ec2Identity {
  std::string instance_id;
  std::string instance_type;
  std::string region;
  std::string availability_zone;
  // Of the primary interface.
  std::string vpc_id;
  std::string subnet_id;
  // Of that VPC, all associations of both families.
  std::vector<Prefix> vpc_cidrs;
  // By device number; those whose number is not known come last.
  std::vector<Ec2Interface> interfaces;
  // Those that are to be labels.
  std::map<std::string, std::string> tags;

  friend bool operator==(const Ec2Identity&, const Ec2Identity&) = default;
};

// The hardware addresses of its interfaces.
std::set<std::string> MacsOf(const Ec2Identity& identity);

// A node's labels: those of the configuration, before what EC2 says of it (`region`, `az`, `vpc`, `subnet`,
// `instance-id`), before its tags.
std::map<std::string, std::string> LabelsOf(std::map<std::string, std::string> configured, const Ec2Identity& identity);

// The region that a node is in: EC2's own word, whatever its labels call it, else the label `region` of its
// configuration; empty when there is neither.
std::string RegionOf(const std::map<std::string, std::string>& configured, const Ec2Identity& identity);

// What one look at instance metadata has found.
struct Ec2Reading {
  Ec2Identity identity;
  // The value of the tag that was asked for, or why it could not be had: NOT_FOUND when EC2 shows none.
  absl::StatusOr<std::string> name_tag = absl::NotFoundError("no tag was asked for");
  // What could not be had, and why; each one line. Not what may well be absent, such as IPv6 addresses.
  std::vector<std::string> missing;
};

// Which tags to look at.
struct Ec2Wanted {
  bool tags = false;
  // Empty: none.
  std::string name_tag;
};

// The text at "/latest/meta-data/" + path; NOT_FOUND where there is nothing.
using FetchMetadata = absl::FunctionRef<absl::StatusOr<std::string>(const std::string& path)>;

// Asks for all of it, one path after the other. Where the instance's id cannot be had, that is the error; all else may
// be missing, and is then as it is in `known`: each fact, each list of addresses or CIDR blocks, each tag by itself.
// Once `fetch` fails as UNAVAILABLE, DEADLINE_EXCEEDED or CANCELLED it is asked no more. Bounded, whatever is answered:
// 64 interfaces, 128 addresses of each and 2048 of all, 128 CIDR blocks, 64 tags. Pure but for `fetch`.
//
// Paths and forms are those of EC2's guide "Instance metadata categories".
absl::StatusOr<Ec2Reading> ReadEc2Identity(const Ec2Wanted& wanted, const Ec2Identity& known, FetchMetadata fetch);

}  // namespace faultline
