#include "agent/ec2/ec2_identity.h"

#include <algorithm>
#include <optional>
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

  // What is there, checked; nullopt, with the reason kept, when it is not. `may_lack`: then it is no matter.
  template <typename Check>
  std::optional<std::string> Text(const std::string& path, const Check& check, bool may_lack = false) {
    const absl::StatusOr<std::string> answer = Fetch(path);
    if (!answer.ok()) return Lack(answer.status(), may_lack);
    std::string text(absl::StripAsciiWhitespace(*answer));
    if (!check(text)) return Lack(Garbage(path), /*may=*/false);
    return text;
  }

  void Id(const std::string& path, std::string& target) { target = Text(path, IsEc2Id).value_or(""); }

  std::vector<std::string> Lines(const std::string& path, std::size_t most, bool may_lack = false) {
    const absl::StatusOr<std::string> answer = Fetch(path);
    if (!answer.ok()) {
      Lack(answer.status(), may_lack);
      return {};
    }
    std::optional<std::vector<std::string>> lines = ReadLines(*answer, most);
    if (!lines) Lack(absl::DataLossError(absl::StrCat(path, ": more than ", most, " are answered")), /*may=*/false);
    return std::move(lines).value_or(std::vector<std::string>());
  }

  // A list of what `Value` parses. Where there is none, that is no matter.
  template <typename Value>
  void Values(const std::string& path, std::size_t most, std::vector<Value>& target) {
    for (const std::string& line : Lines(path, most, /*may_lack=*/true)) {
      absl::StatusOr<Value> value = Value::Parse(line);
      if (value.ok()) {
        target.push_back(*std::move(value));
      } else {
        Lack(Garbage(path), /*may=*/false);
      }
    }
  }

  absl::StatusOr<std::string> Fetch(const std::string& path) {
    if (!over_.ok()) return over_;
    absl::StatusOr<std::string> answer = fetch_(path);
    if (!answer.ok() && IsOver(answer.status())) over_ = answer.status();
    return answer;
  }

  std::nullopt_t Lack(const absl::Status& why, bool may) {
    const std::string line(why.message());
    const bool known = std::ranges::find(missing_, line) != missing_.end();
    if (!known && !(may && absl::IsNotFound(why))) missing_.push_back(line);
    return std::nullopt;
  }

 private:
  const FetchMetadata fetch_;
  std::vector<std::string>& missing_;
  // Why nothing more is asked.
  absl::Status over_;
};

std::uint32_t DeviceNumber(Look& look, const std::string& path) {
  std::uint32_t number = 0;
  look.Text(path, [&number](const std::string& text) { return absl::SimpleAtoi(text, &number); });
  return number;
}

// Takes from `room` what its addresses need.
Ec2Interface ReadInterface(Look& look, const std::string& folder, const std::string& mac, std::size_t& room) {
  Ec2Interface interface { .mac = mac };
  interface.device_number = DeviceNumber(look, folder + "device-number");
  look.Id(folder + "interface-id", interface.id);
  look.Id(folder + "subnet-id", interface.subnet_id);
  const std::size_t most = std::min(kMostAddresses, room);
  look.Values(folder + "local-ipv4s", most, interface.addresses);
  look.Values(folder + "ipv6s", most - interface.addresses.size(), interface.addresses);
  room -= interface.addresses.size();
  return interface;
}

void ReadInterfaces(Look& look, Ec2Identity& identity) {
  const std::string all = "network/interfaces/macs/";
  const std::optional<std::string> primary = look.Text("mac", IsMac);
  std::size_t room = kMostAddressesInAll;
  for (const std::string& line : look.Lines(all, kMostInterfaces)) {
    const std::string mac(absl::StripSuffix(line, "/"));
    if (!IsMac(mac)) {
      look.Lack(Garbage(all), /*may=*/false);
      continue;
    }
    const std::string folder = absl::StrCat(all, mac, "/");
    identity.interfaces.push_back(ReadInterface(look, folder, mac, room));
    if (mac != primary) continue;
    identity.subnet_id = identity.interfaces.back().subnet_id;
    look.Id(folder + "vpc-id", identity.vpc_id);
    look.Values(folder + "vpc-ipv4-cidr-blocks", kMostCidrs, identity.vpc_cidrs);
    look.Values(folder + "vpc-ipv6-cidr-blocks", kMostCidrs, identity.vpc_cidrs);
  }
  std::ranges::sort(identity.interfaces, {},
                    [](const Ec2Interface& interface) { return std::pair(interface.device_number, interface.mac); });
}

void ReadTags(Look& look, Ec2Identity& identity) {
  const std::string folder = "tags/instance/";
  const absl::StatusOr<std::string> answer = look.Fetch(folder);
  if (absl::IsNotFound(answer.status())) {
    look.Lack(absl::NotFoundError("tags: EC2 shows none here; allow tags in the instance's metadata options "
                                  "(aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled)"),
              /*may=*/false);
    return;
  }
  if (!answer.ok()) {
    look.Lack(answer.status(), /*may=*/false);
    return;
  }
  const auto keys = ReadLines(*answer, kMostTags);
  if (!keys) look.Lack(Garbage(folder), /*may=*/false);
  for (const std::string& key : keys.value_or(std::vector<std::string>())) {
    if (!IsTagKey(key)) {
      look.Lack(Garbage(folder), /*may=*/false);
    } else if (auto value = look.Text(folder + key, IsTagValue)) {
      identity.tags[key] = *std::move(value);
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

Ec2Identity KeepKnown(Ec2Identity now, const Ec2Identity& known) {
  const auto keep = [](auto& value, const auto& before) {
    if (value.empty()) value = before;
  };
  keep(now.instance_type, known.instance_type);
  keep(now.region, known.region);
  keep(now.availability_zone, known.availability_zone);
  keep(now.vpc_id, known.vpc_id);
  keep(now.subnet_id, known.subnet_id);
  keep(now.vpc_cidrs, known.vpc_cidrs);
  keep(now.interfaces, known.interfaces);
  keep(now.tags, known.tags);
  for (Ec2Interface& interface : now.interfaces) {
    const auto before = std::ranges::find(known.interfaces, interface.mac, &Ec2Interface::mac);
    if (before == known.interfaces.end()) continue;
    keep(interface.id, before->id);
    keep(interface.subnet_id, before->subnet_id);
    keep(interface.addresses, before->addresses);
  }
  return now;
}

absl::StatusOr<Ec2Reading> ReadEc2Identity(const Ec2Wanted& wanted, FetchMetadata fetch) {
  Ec2Reading reading;
  Ec2Identity& identity = reading.identity;
  Look look(fetch, reading);
  FAULTLINE_ASSIGN_OR_RETURN(const std::string id, look.Fetch("instance-id"));
  identity.instance_id = std::string(absl::StripAsciiWhitespace(id));
  if (!IsEc2Id(identity.instance_id)) return Garbage("instance-id");
  identity.instance_type = look.Text("instance-type", IsInstanceType).value_or("");
  look.Id("placement/region", identity.region);
  look.Id("placement/availability-zone", identity.availability_zone);
  ReadInterfaces(look, identity);
  if (wanted.tags) ReadTags(look, identity);
  if (!wanted.name_tag.empty()) {
    reading.name_tag = look.Text("tags/instance/" + wanted.name_tag, IsTagValue).value_or("");
  }
  return reading;
}

}  // namespace faultline
