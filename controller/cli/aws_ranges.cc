#include "controller/cli/aws_ranges.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/document/document.h"
#include "common/edit_distance.h"
#include "common/status.h"

namespace faultline {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

// Empty when there is no such text.
const std::string& TextAt(const Struct& object, const char* key) {
  static const std::string& none = *new std::string;
  const auto field = object.fields().find(key);
  if (field == object.fields().end() || !field->second.has_string_value()) return none;
  return field->second.string_value();
}

bool IsAmong(const std::string& word, const std::vector<std::string>& words) {
  return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

// Gathers what the query asks for, and the names there are.
class Collector {
 public:
  explicit Collector(const AwsRangesQuery& query) : query_(query) {}

  // One of the file's two lists.
  absl::Status Add(const ListValue& list, const char* prefix_key) {
    for (const google::protobuf::Value& value : list.values()) {
      const Struct& entry = value.struct_value();
      const std::string& text = TextAt(entry, prefix_key);
      const std::string& service = TextAt(entry, "service");
      const std::string& region = TextAt(entry, "region");
      services_.insert(service);
      regions_.insert(region);
      if (!IsAmong(service, query_.services) || !IsAmong(region, query_.regions)) continue;
      const absl::StatusOr<Prefix> prefix = Prefix::Parse(text);
      if (!prefix.ok())
        return absl::InvalidArgumentError(absl::StrCat("an entry of '", prefix_key, "': ", prefix.status().message()));
      prefixes_.push_back(*prefix);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<PrefixSet> Result() {
    FAULTLINE_RETURN_IF_ERROR(CheckNames("service", query_.services, services_));
    FAULTLINE_RETURN_IF_ERROR(CheckNames("region", query_.regions, regions_));
    if (!prefixes_.empty()) return PrefixSet(std::move(prefixes_));
    if (query_.services.empty() && query_.regions.empty()) return absl::InvalidArgumentError("it has no prefix at all");
    return absl::InvalidArgumentError(absl::StrCat("it has no prefix of service ", NamesText(query_.services),
                                                   " in region ", NamesText(query_.regions)));
  }

 private:
  static std::string NamesText(const std::vector<std::string>& names) {
    return names.empty() ? "any" : absl::StrJoin(names, " or ");
  }

  static absl::Status CheckNames(const char* kind, const std::vector<std::string>& asked,
                                 const std::set<std::string>& there) {
    for (const std::string& name : asked) {
      if (there.contains(name)) continue;
      const std::vector<std::string> names(there.begin(), there.end());
      const std::optional<std::string> nearest = Nearest(name, names);
      return absl::InvalidArgumentError(absl::StrCat("it has no ", kind, " '", name, "'",
                                                     nearest ? absl::StrCat("; did you mean '", *nearest, "'?") : ""));
    }
    return absl::OkStatus();
  }

  const AwsRangesQuery& query_;
  std::vector<Prefix> prefixes_;
  std::set<std::string> services_;
  std::set<std::string> regions_;
};

absl::StatusOr<PrefixSet> Read(absl::string_view json, const AwsRangesQuery& query) {
  Struct root;
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(json), &root);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is no JSON object: ", std::string(status.message()).substr(0, 100)));
  }
  const auto prefixes = root.fields().find("prefixes");
  const auto ipv6 = root.fields().find("ipv6_prefixes");
  if (prefixes == root.fields().end() && ipv6 == root.fields().end()) {
    return absl::InvalidArgumentError("it has no 'prefixes'; expected AWS's ip-ranges.json");
  }
  Collector collector(query);
  if (prefixes != root.fields().end()) {
    FAULTLINE_RETURN_IF_ERROR(collector.Add(prefixes->second.list_value(), "ip_prefix"));
  }
  if (ipv6 != root.fields().end()) {
    FAULTLINE_RETURN_IF_ERROR(collector.Add(ipv6->second.list_value(), "ipv6_prefix"));
  }
  return collector.Result();
}

}  // namespace

absl::StatusOr<PrefixSet> ReadAwsRanges(absl::string_view json, const AwsRangesQuery& query) {
  absl::StatusOr<PrefixSet> found = Read(json, query);
  // Errors quote the file.
  if (!found.ok()) return absl::InvalidArgumentError(Printable(found.status().message()));
  return found;
}

}  // namespace faultline
