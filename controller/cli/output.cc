#include "controller/cli/output.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/prefix.h"
#include "common/timeline_codec.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks apart.
std::string Table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i], std::string(widths[i] - row[i].size() + 2, ' '));
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return text;
}

std::string Addresses(const v1::NodeInfo& info) {
  return absl::StrJoin(info.addresses(), " ", [](std::string* out, const v1::NodeAddress& address) {
    const absl::StatusOr<IpAddress> parsed = IpAddress::FromBytes(address.address());
    absl::StrAppend(out, parsed.ok() ? parsed->ToString() : "?");
  });
}

std::string Labels(const v1::NodeInfo& info) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : info.labels()) pairs.push_back(absl::StrCat(key, "=", value));
  std::sort(pairs.begin(), pairs.end());
  return absl::StrJoin(pairs, " ");
}

std::string RoundTrip(const v1::Node& node) {
  const absl::StatusOr<Duration> trip = DecodeDuration(node.round_trip());
  if (!node.has_round_trip() || !trip.ok()) return "-";
  return FormatDuration(std::chrono::duration_cast<std::chrono::microseconds>(*trip));
}

// Empty is as good as absent (no-color.org).
bool IsSet(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool StdoutIsTerminal() { return isatty(STDOUT_FILENO) == 1; }

TerminalStyle StyleOfStdout() {
  TerminalStyle style;
  std::setlocale(LC_CTYPE, "");
  style.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  if (!StdoutIsTerminal()) return style;
  style.color = !IsSet("NO_COLOR") && IsSet("TERM") && absl::string_view(std::getenv("TERM")) != "dumb";
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  return style;
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? absl::StrCat(json, "\n") : absl::StrCat("{\"error\": \"", status.ToString(), "\"}\n");
}

std::string RenderNodes(const v1::ListNodesResponse& response) {
  if (response.nodes().empty()) return "no node has registered yet\n";
  std::vector<Row> rows = {{"NODE", "STATE", "ROUND TRIP", "RUNS", "ADDRESSES", "LABELS"}};
  for (const v1::Node& node : response.nodes()) {
    rows.push_back({node.info().name(), node.connected() ? "connected" : "lost", RoundTrip(node),
                    node.runs().empty() ? "-" : absl::StrJoin(node.runs(), ","), Addresses(node.info()),
                    Labels(node.info())});
  }
  return Table(rows);
}

std::string RenderEc2(const v1::ListNodesResponse& response) {
  std::vector<Row> rows = {{"NODE", "INSTANCE", "TYPE", "AZ", "VPC", "INTERFACE", "SUBNET", "ADDRESSES"}};
  const auto shown = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const v1::Node& node : response.nodes()) {
    const v1::Ec2Identity& ec2 = node.info().ec2();
    if (!node.info().has_ec2()) continue;
    Row row = {node.info().name(), shown(ec2.instance_id()), shown(ec2.instance_type()), shown(ec2.availability_zone()),
               shown(ec2.vpc_id())};
    if (ec2.interfaces().empty()) rows.push_back(row);
    for (const v1::Ec2Interface& interface : ec2.interfaces()) {
      row.insert(row.end(),
                 {shown(interface.id()), shown(interface.subnet_id()), absl::StrJoin(interface.addresses(), " ")});
      rows.push_back(row);
      // Those below are the same node's.
      row.assign(5, "");
    }
  }
  return rows.size() == 1 ? "no node is known to be on EC2\n" : Table(rows);
}

std::string RenderRuns(const v1::ListRunsResponse& response) {
  if (response.runs().empty()) return "no run yet\n";
  std::vector<Row> rows = {{"RUN", "STANDING", "CREATED", "SUMMARY"}};
  for (const v1::Run& run : response.runs()) {
    rows.push_back({run.id(), std::string(WordOf(run)),
                    google::protobuf::util::TimeUtil::ToString(
                        google::protobuf::util::TimeUtil::SecondsToTimestamp(run.created().seconds())),
                    run.summary()});
  }
  return Table(rows);
}

std::string RenderObserving(const std::string& run_id) {
  return absl::StrCat(run_id, ": healed; it is over when its observations at the end are taken\n");
}

}  // namespace faultline
