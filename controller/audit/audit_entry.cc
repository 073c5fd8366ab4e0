#include "controller/audit/audit_entry.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/digest.h"
#include "controller/report/markup.h"

namespace faultline {
namespace {

constexpr std::array kDecisions = {AuditDecision::kAllowed, AuditDecision::kRefused, AuditDecision::kApproved,
                                   AuditDecision::kFailed};
constexpr absl::string_view kBeginning = "{\"seq\":";
constexpr absl::string_view kHash = ",\"hash\":\"";
constexpr absl::string_view kEnd = "\"}";
constexpr std::size_t kDigits = 64;
constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%E3SZ";
// Of each text: a line is read whole, and nobody is to fill the disk with one.
constexpr std::size_t kMostBytes = 4096;

std::string Quoted(absl::string_view text) {
  return text.size() <= kMostBytes ? JsonString(text) : JsonString(absl::StrCat(text.substr(0, kMostBytes), " (cut)"));
}

void Add(absl::string_view name, absl::string_view value, std::string& line) {
  if (!value.empty()) absl::StrAppend(&line, ",\"", name, "\":", Quoted(value));
}

std::string WithHash(absl::string_view body, absl::string_view hash) { return absl::StrCat(body, kHash, hash, kEnd); }

std::string HashOf(absl::string_view body) { return Sha256Hex(absl::StrCat(body, "}")); }

// Empty when there is none.
std::string TextOf(const google::protobuf::Struct& line, const std::string& name) {
  const auto found = line.fields().find(name);
  return found == line.fields().end() ? "" : found->second.string_value();
}

absl::Status NoLine() { return absl::InvalidArgumentError("it is no line of an audit log"); }

absl::StatusOr<AuditLine> FieldsOf(const google::protobuf::Struct& fields) {
  AuditLine line;
  const auto seq = fields.fields().find("seq");
  if (seq == fields.fields().end() || !seq->second.has_number_value()) return NoLine();
  const double number = seq->second.number_value();
  if (!(number >= 1 && number < static_cast<double>(std::uint64_t{1} << 53))) return NoLine();
  line.seq = static_cast<std::uint64_t>(number);
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, TextOf(fields, "time"), &time, nullptr)) return NoLine();
  line.time = WallTime(Duration(absl::ToUnixNanos(time)));
  for (const AuditDecision decision : kDecisions) {
    if (NameOf(decision) == TextOf(fields, "decision")) line.entry.decision = decision;
  }
  line.entry.who = {.name = TextOf(fields, "who"),
                    .role = RoleNamed(TextOf(fields, "role")).value_or(Role::kViewer),
                    .from = TextOf(fields, "from")};
  line.entry.action = TextOf(fields, "action");
  line.entry.run_id = TextOf(fields, "run");
  line.entry.plan_digest = TextOf(fields, "plan");
  line.entry.reason = TextOf(fields, "reason");
  if (fields.fields().contains("torn")) line.torn = TextOf(fields, "torn");
  line.prev = TextOf(fields, "prev");
  return line;
}

}  // namespace

absl::string_view NameOf(AuditDecision decision) {
  switch (decision) {
    case AuditDecision::kAllowed:
      return "allowed";
    case AuditDecision::kRefused:
      return "refused";
    case AuditDecision::kApproved:
      return "approved";
    case AuditDecision::kFailed:
      return "failed";
  }
  return "";
}

std::string FormatAuditLine(AuditLine& line) {
  const AuditEntry& entry = line.entry;
  const absl::Time time = absl::FromUnixNanos(line.time.time_since_epoch().count());
  std::string body = absl::StrCat(kBeginning, line.seq, ",\"time\":\"",
                                  absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone()), "\"");
  Add("who", entry.who.name, body);
  Add("role", NameOf(entry.who.role), body);
  Add("from", entry.who.from, body);
  Add("action", entry.action, body);
  Add("decision", NameOf(entry.decision), body);
  Add("run", entry.run_id, body);
  Add("plan", entry.plan_digest, body);
  Add("reason", entry.reason, body);
  if (line.torn) Add("torn", *line.torn, body);
  Add("prev", line.prev, body);
  line.hash = HashOf(body);
  return WithHash(body, line.hash);
}

absl::StatusOr<AuditLine> ParseAuditLine(absl::string_view text) {
  if (!LooksLikeAuditLine(text)) return NoLine();
  const absl::string_view body = text.substr(0, text.size() - kHash.size() - kDigits - kEnd.size());
  const absl::string_view hash = text.substr(body.size() + kHash.size(), kDigits);
  if (HashOf(body) != hash) return absl::InvalidArgumentError("its hash is not that of its text: it was changed");
  google::protobuf::Struct fields;
  const auto parsed = google::protobuf::util::JsonStringToMessage(absl::StrCat(body, "}"), &fields);
  if (!parsed.ok()) return NoLine();
  absl::StatusOr<AuditLine> line = FieldsOf(fields);
  if (line.ok()) line->hash = std::string(hash);
  return line;
}

bool LooksLikeAuditLine(absl::string_view text) {
  const std::size_t tail = kHash.size() + kDigits + kEnd.size();
  return text.size() > kBeginning.size() + tail && absl::StartsWith(text, kBeginning) && absl::EndsWith(text, kEnd) &&
         absl::StartsWith(text.substr(text.size() - tail), kHash);
}

}  // namespace faultline
