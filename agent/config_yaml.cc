#include "absl/strings/str_cat.h"
#include "agent/config.h"
#include "common/bit_rate.h"
#include "common/document/document.h"
#include "common/document/value_reader.h"
#include "common/identity/tls_config.h"
#include "common/log/log_config.h"

namespace faultline {
namespace {

const std::vector<std::string> kKeys = {"name",    "controller",  "runtime", "labels",  "interfaces",
                                        "protect", "lane_memory", "guard",   "metrics", "tcp_listeners",
                                        "tls",     "ec2",         "log"};
const std::vector<std::string> kProtectKeys = {"cidrs", "ports", "dns"};
const std::vector<std::string> kDnsWords = {"none", "system"};
const std::vector<std::string> kGuardKeys = {"max_duration", "max_runs", "max_steps", "max_rules", "max_ranges"};
const std::vector<std::string> kTruthWords = {"false", "true"};

void ReadLabels(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  for (const Field& field : ReadFields(value, "'labels'", errors)) {
    const auto text = ReadText(*field.value, absl::StrCat("label '", field.name, "'"), errors);
    if (text) config.labels[field.name] = *text;
  }
}

void ReadInterfaces(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  for (const DocumentPtr& item : ReadList(value, "'interfaces'", errors)) {
    if (auto text = ReadText(*item, "an interface", errors)) config.interfaces.push_back(*std::move(text));
  }
}

void ReadProtectedCidrs(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  std::vector<Prefix> prefixes;
  for (const DocumentPtr& item : ReadList(value, "'cidrs'", errors)) {
    const auto text = ReadText(*item, "a CIDR", errors);
    if (!text) continue;
    const absl::StatusOr<Prefix> prefix = Prefix::Parse(*text);
    if (prefix.ok()) {
      prefixes.push_back(*prefix);
    } else {
      errors.Add(item->position, prefix.status().message());
    }
  }
  config.protect.remotes = PrefixSet(std::move(prefixes));
}

void ReadProtectedPorts(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  for (const DocumentPtr& item : ReadList(value, "'ports'", errors)) {
    const auto port = ReadNumber(*item, "a port", errors);
    if (!port) continue;
    if (*port >= 1 && *port <= 65535) {
      config.protect.ports.push_back(static_cast<std::uint16_t>(*port));
    } else {
      errors.Add(item->position, absl::StrCat("port ", *port, " is not within 1 to 65535"));
    }
  }
}

void ReadGuard(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  const Record record(value, "'guard'", kGuardKeys, errors);
  if (const DocumentValue* longest = record.Find("max_duration")) {
    if (const auto duration = ReadDuration(*longest, "'max_duration'", errors)) config.limits.max_duration = *duration;
  }
  const auto read_most = [&](const std::string& key, std::size_t& limit) {
    const DocumentValue* const most = record.Find(key);
    if (most == nullptr) return;
    if (const auto number = ReadNumber(*most, absl::StrCat("'", key, "'"), errors)) limit = *number;
  };
  read_most("max_runs", config.limits.max_runs);
  read_most("max_steps", config.limits.max_steps);
  read_most("max_rules", config.limits.max_rules);
  read_most("max_ranges", config.limits.max_ranges);
}

void ReadLaneMemory(const DocumentValue& value, AgentConfig& config, TextErrors& errors) {
  // Less would lose packets at the lightest load.
  constexpr std::uint64_t kLeast = 1'000'000;
  const auto text = ReadText(value, "'lane_memory'", errors);
  if (!text) return;
  const absl::StatusOr<std::uint64_t> bytes = ParseBytes(*text);
  if (!bytes.ok()) {
    errors.Add(value.position, bytes.status().message());
  } else if (*bytes < kLeast) {
    errors.Add(value.position, absl::StrCat("'lane_memory' is ", *text, "; give at least 1mb"));
  } else {
    config.lane_memory = *bytes;
  }
}

void ReadConfig(const DocumentValue& root, AgentConfig& config, TextErrors& errors) {
  const Record record(root, "the configuration", kKeys, errors);
  if (const DocumentValue* name = record.Find("name")) {
    if (auto text = ReadName(*name, "node name", errors)) config.name = NodeName(*std::move(text));
  }
  if (const DocumentValue* controller = record.Find("controller")) {
    if (auto text = ReadText(*controller, "'controller'", errors)) config.controller = *std::move(text);
  }
  if (const DocumentValue* tls = record.Find("tls")) ReadTls(*tls, config.tls, errors);
  if (const DocumentValue* log = record.Find("log")) ReadLog(*log, config.log_level, errors);
  if (const DocumentValue* runtime = record.Find("runtime")) {
    if (auto text = ReadText(*runtime, "'runtime'", errors)) config.runtime = *std::move(text);
  }
  if (const DocumentValue* labels = record.Find("labels")) ReadLabels(*labels, config, errors);
  if (const DocumentValue* interfaces = record.Find("interfaces")) ReadInterfaces(*interfaces, config, errors);
  if (const DocumentValue* protect = record.Find("protect")) {
    const Record inner(*protect, "'protect'", kProtectKeys, errors);
    if (const DocumentValue* cidrs = inner.Find("cidrs")) ReadProtectedCidrs(*cidrs, config, errors);
    if (const DocumentValue* ports = inner.Find("ports")) ReadProtectedPorts(*ports, config, errors);
    if (const DocumentValue* dns = inner.Find("dns")) {
      config.protect_dns = ReadWord(*dns, "'dns'", kDnsWords, errors) != 0u;
    }
  }
  if (const DocumentValue* memory = record.Find("lane_memory")) ReadLaneMemory(*memory, config, errors);
  if (const DocumentValue* listeners = record.Find("tcp_listeners")) {
    config.tcp_listeners = ReadWord(*listeners, "'tcp_listeners'", kTruthWords, errors) == 1u;
  }
  if (const DocumentValue* guard = record.Find("guard")) ReadGuard(*guard, config, errors);
  if (const DocumentValue* metrics = record.Find("metrics")) ReadMetrics(*metrics, config.metrics, errors);
  if (const DocumentValue* ec2 = record.Find("ec2")) ReadEc2(*ec2, config.ec2, errors);
}

}  // namespace

absl::StatusOr<AgentConfig> ParseAgentConfig(absl::string_view text, absl::string_view file_name) {
  TextErrors errors;
  AgentConfig config;
  if (const DocumentPtr root = ParseDocument(text, errors)) ReadConfig(*root, config, errors);
  if (!errors.empty()) return absl::InvalidArgumentError(JoinErrors(errors.Take(), file_name));
  return config;
}

}  // namespace faultline
