#include "agent/ec2/ec2_identity.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/ec2/ec2_paths.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr std::size_t kMostInterfaces = 64;
constexpr std::size_t kMostAddresses = 128;
constexpr std::size_t kMostAddressesInAll = 2048;
constexpr std::size_t kMostCidrs = 64;
constexpr std::size_t kMostTags = 64;

bool IsOver(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

absl::Status Garbage(const std::string& path) {
  return absl::DataLossError(absl::StrCat(path, ": the answer makes no sense"));
}

// One look: fetches, checks, and keeps a list of what is missing.
class Look {
 public:
  Look(FetchMetadata fetch, Ec2Reading& reading) : fetch_(fetch), missing_(reading.missing) {}

  // What is there, checked; otherwise why not, which is kept too.
  template <typename Check>
  absl::StatusOr<std::string> Text(const std::string& path, const Check& check) {
    absl::StatusOr<std::string> text = Fetch(path);
    if (text.ok()) {
      absl::StripAsciiWhitespace(&*text);
      if (!check(*text)) text = Garbage(path);
    }
    if (!text.ok()) Lack(text.status());
    return text;
  }

  std::string Id(const std::string& path, const std::string& known) { return Text(path, IsEc2Id).value_or(known); }

  std::optional<std::vector<std::string>> Lines(const std::string& path, std::size_t most) {
    return Read(Fetch(path), path, most);
  }

  // A list of what `Value` parses, of which there may well be none, added to `target`; when it cannot be had, what was
  // `known` of the same `family`.
  template <typename Value>
  void Values(const std::string& path, std::size_t most, Family family, const std::vector<Value>& known,
              std::vector<Value>& target) {
    const absl::StatusOr<std::string> answer = Fetch(path);
    if (absl::IsNotFound(answer.status())) return;
    const std::optional<std::vector<std::string>> lines = Read(answer, path, most);
    for (const std::string& line : lines.value_or(std::vector<std::string>())) {
      absl::StatusOr<Value> value = Value::Parse(line);
      if (value.ok()) {
        target.push_back(*std::move(value));
      } else {
        Lack(Garbage(path));
      }
    }
    if (lines) return;
    for (const Value& value : known) {
      if (value.family() == family && most > 0) {
        target.push_back(value);
        --most;
      }
    }
  }

  absl::StatusOr<std::string> Fetch(const std::string& path) {
    if (!over_.ok()) return over_;
    absl::StatusOr<std::string> answer = fetch_(path);
    if (!answer.ok() && IsOver(answer.status())) over_ = answer.status();
    return answer;
  }

  void Lack(const absl::Status& why) {
    const std::string line(why.message());
    if (std::ranges::find(missing_, line) == missing_.end()) missing_.push_back(line);
  }

 private:
  std::optional<std::vector<std::string>> Read(const absl::StatusOr<std::string>& answer, const std::string& path,
                                               std::size_t most) {
    if (!answer.ok()) {
      Lack(answer.status());
      return std::nullopt;
    }
    std::optional<std::vector<std::string>> lines = ReadLines(*answer, most);
    if (!lines) Lack(absl::DataLossError(absl::StrCat(path, ": more than ", most, " are answered")));
    return lines;
  }

  const FetchMetadata fetch_;
  std::vector<std::string>& missing_;
  // Why nothing more is asked.
  absl::Status over_;
};

std::optional<std::uint32_t> DeviceNumber(Look& look, const std::string& path,
                                          const std::optional<std::uint32_t>& known) {
  std::uint32_t number = 0;
  const auto is_number = [&number](const std::string& text) { return absl::SimpleAtoi(text, &number); };
  return look.Text(path, is_number).ok() ? number : known;
}

// As it is known; empty but for its MAC when it is not.
Ec2Interface Find(const Ec2Identity& known, const std::string& mac) {
  const auto found = std::ranges::find(known.interfaces, mac, &Ec2Interface::mac);
  return found == known.interfaces.end() ? Ec2Interface{.mac = mac} : *found;
}

// Takes from `room` what its addresses need.
Ec2Interface ReadInterface(Look& look, const std::string& folder, const Ec2Interface& known, std::size_t& room) {
  Ec2Interface interface { .mac = known.mac };
  interface.device_number = DeviceNumber(look, folder + "device-number", known.device_number);
  interface.id = look.Id(folder + "interface-id", known.id);
  interface.subnet_id = look.Id(folder + "subnet-id", known.subnet_id);
  std::vector<IpAddress>& addresses = interface.addresses;
  const std::size_t most = std::min(kMostAddresses, room);
  look.Values(folder + "local-ipv4s", most, Family::kIpv4, known.addresses, addresses);
  look.Values(folder + "ipv6s", most - addresses.size(), Family::kIpv6, known.addresses, addresses);
  room -= addresses.size();
  return interface;
}

void ReadVpc(Look& look, const std::string& folder, const Ec2Identity& known, Ec2Identity& identity) {
  identity.vpc_id = look.Id(folder + "vpc-id", known.vpc_id);
  std::vector<Prefix>& cidrs = identity.vpc_cidrs;
  cidrs.clear();
  look.Values(folder + "vpc-ipv4-cidr-blocks", kMostCidrs, Family::kIpv4, known.vpc_cidrs, cidrs);
  look.Values(folder + "vpc-ipv6-cidr-blocks", kMostCidrs, Family::kIpv6, known.vpc_cidrs, cidrs);
}

void ReadInterfaces(Look& look, const Ec2Identity& known, Ec2Identity& identity) {
  const std::string all = "network/interfaces/macs/";
  const absl::StatusOr<std::string> primary = look.Text("mac", IsMac);
  const auto lines = look.Lines(all, kMostInterfaces);
  if (!lines) return;
  identity.interfaces.clear();
  std::size_t room = kMostAddressesInAll;
  for (const std::string& line : *lines) {
    const std::string mac(absl::StripSuffix(line, "/"));
    if (!IsMac(mac)) {
      look.Lack(Garbage(all));
      continue;
    }
    const std::string folder = absl::StrCat(all, mac, "/");
    identity.interfaces.push_back(ReadInterface(look, folder, Find(known, mac), room));
    if (!primary.ok() || mac != *primary) continue;
    identity.subnet_id = identity.interfaces.back().subnet_id;
    ReadVpc(look, folder, known, identity);
  }
  std::ranges::sort(identity.interfaces, {}, [](const Ec2Interface& interface) {
    return std::tuple(!interface.device_number, interface.device_number, interface.mac);
  });
}

void ReadTags(Look& look, const Ec2Identity& known, Ec2Identity& identity) {
  const std::string folder = "tags/instance/";
  const absl::StatusOr<std::string> answer = look.Fetch(folder);
  if (absl::IsNotFound(answer.status())) {
    return look.Lack(
        absl::NotFoundError("tags: EC2 shows none here; allow tags in the instance's metadata options "
                            "(aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled)"));
  }
  if (!answer.ok()) return look.Lack(answer.status());
  const auto keys = ReadLines(*answer, kMostTags);
  if (!keys) return look.Lack(Garbage(folder));
  identity.tags.clear();
  for (const std::string& key : *keys) {
    if (!IsTagKey(key)) {
      look.Lack(Garbage(folder));
      continue;
    }
    const auto value = look.Text(folder + key, IsTagValue);
    const auto before = known.tags.find(key);
    if (value.ok()) {
      identity.tags[key] = *value;
    } else if (before != known.tags.end()) {
      identity.tags[key] = before->second;
    }
  }
}

}  // namespace

std::set<std::string> MacsOf(const Ec2Identity& identity) {
  std::set<std::string> macs;
  for (const Ec2Interface& interface : identity.interfaces) macs.insert(interface.mac);
  return macs;
}

std::map<std::string, std::string> LabelsOf(std::map<std::string, std::string> configured,
                                            const Ec2Identity& identity) {
  const std::pair<const char*, const std::string&> facts[] = {{"region", identity.region},
                                                              {"az", identity.availability_zone},
                                                              {"vpc", identity.vpc_id},
                                                              {"subnet", identity.subnet_id},
                                                              {"instance-id", identity.instance_id}};
  for (const auto& [label, fact] : facts) {
    if (!fact.empty()) configured.try_emplace(label, fact);
  }
  configured.insert(identity.tags.begin(), identity.tags.end());
  return configured;
}

std::string RegionOf(const std::map<std::string, std::string>& configured, const Ec2Identity& identity) {
  if (!identity.region.empty()) return identity.region;
  const auto label = configured.find("region");
  return label == configured.end() ? "" : label->second;
}

absl::StatusOr<Ec2Reading> ReadEc2Identity(const Ec2Wanted& wanted, const Ec2Identity& known, FetchMetadata fetch) {
  Ec2Reading reading{.identity = known};
  Ec2Identity& identity = reading.identity;
  Look look(fetch, reading);
  FAULTLINE_ASSIGN_OR_RETURN(const std::string id, look.Fetch("instance-id"));
  identity.instance_id = std::string(absl::StripAsciiWhitespace(id));
  if (!IsEc2Id(identity.instance_id)) return Garbage("instance-id");
  // Before all that could use up the time: without it there is no node.
  if (!wanted.name_tag.empty()) reading.name_tag = look.Text("tags/instance/" + wanted.name_tag, IsTagValue);
  identity.instance_type = look.Text("instance-type", IsInstanceType).value_or(known.instance_type);
  identity.region = look.Id("placement/region", known.region);
  identity.availability_zone = look.Id("placement/availability-zone", known.availability_zone);
  ReadInterfaces(look, known, identity);
  if (wanted.tags) ReadTags(look, known, identity);
  return reading;
}

}  // namespace faultline
