#include "agent/ec2/ec2_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/ec2/ec2_paths.h"
#include "common/document/value_reader.h"

namespace faultline {
namespace {

const std::vector<std::string> kKeys = {"metadata", "endpoint", "imdsv1", "tags", "name"};
const std::vector<std::string> kAutoOff = {"off", "auto"};
const std::vector<std::string> kDenyAllow = {"deny", "allow"};
const std::vector<std::string> kTruth = {"false", "true"};

void ReadEndpoint(const DocumentValue& value, Ec2Config& config, TextErrors& errors) {
  const auto text = ReadText(value, "'endpoint'", errors);
  if (!text || *text == "auto") return;
  config.anywhere = true;
  if (*text == "ipv4") {
    config.endpoints = {MetadataEndpoint::Ipv4()};
  } else if (*text == "ipv6") {
    config.endpoints = {MetadataEndpoint::Ipv6()};
  } else if (const auto endpoint = MetadataEndpoint::Parse(*text); endpoint.ok()) {
    config.endpoints = {*endpoint};
  } else {
    errors.Add(value.position, absl::StrCat("'endpoint': ", endpoint.status().message(), "; or auto, ipv4 or ipv6"));
  }
}

void ReadNameSource(const DocumentValue& value, Ec2Config& config, TextErrors& errors) {
  const auto text = ReadText(value, "'name'", errors);
  if (!text || *text == "hostname") return;
  absl::string_view tag = *text;
  if (*text == "instance-id") {
    config.name = Ec2Config::NameFrom::kInstanceId;
  } else if (absl::ConsumePrefix(&tag, "tag:") && IsTagKey(tag)) {
    config.name = Ec2Config::NameFrom::kTag;
    config.name_tag = std::string(tag);
  } else {
    errors.Add(value.position, absl::StrCat("'name' of 'ec2' is '", *text,
                                            "'; give hostname, instance-id or tag:KEY, such as tag:Name. A node's own "
                                            "name stands at 'name' of the configuration itself"));
  }
}

}  // namespace

void ReadEc2(const DocumentValue& value, Ec2Config& config, TextErrors& errors) {
  const Record record(value, "'ec2'", kKeys, errors);
  const auto read_switch = [&](const char* key, const std::vector<std::string>& words, bool& target) {
    const DocumentValue* const found = record.Find(key);
    if (found == nullptr) return;
    if (const auto word = ReadWord(*found, absl::StrCat("'", key, "'"), words, errors)) target = *word == 1;
  };
  read_switch("metadata", kAutoOff, config.ask);
  read_switch("imdsv1", kDenyAllow, config.allow_v1);
  read_switch("tags", kTruth, config.tags);
  if (const DocumentValue* endpoint = record.Find("endpoint")) ReadEndpoint(*endpoint, config, errors);
  const DocumentValue* const name = record.Find("name");
  if (name == nullptr) return;
  ReadNameSource(*name, config, errors);
  if (!config.ask && config.name != Ec2Config::NameFrom::kHost) {
    errors.Add(name->position, "'name' of 'ec2' is asked of instance metadata, and 'metadata' is off");
  }
}

}  // namespace faultline
