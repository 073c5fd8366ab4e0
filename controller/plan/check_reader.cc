#include "controller/plan/check_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/duration.h"
#include "controller/plan/dns_name.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

using Kind = DocumentValue::Kind;

constexpr Duration kShortestWait = std::chrono::milliseconds(100);
constexpr Duration kLongestWait = std::chrono::hours(1);

// Whether a host can be asked by this name or address.
bool IsHost(absl::string_view host) {
  return IpAddress::Parse(host).ok() || CheckDnsName(host).ok() || host == "localhost";
}

// A command line in its words, quoted ones whole and with their quotation marks.
std::vector<std::string> WordsOf(absl::string_view line) {
  std::vector<std::string> words;
  char quote = 0;
  bool inside = false;
  for (const char c : line) {
    const bool blank = quote == 0 && absl::ascii_isspace(static_cast<unsigned char>(c));
    if (!blank && !inside) words.emplace_back();
    inside = !blank;
    if (blank) continue;
    words.back() += c;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    }
  }
  return words;
}

// "host:port" or "[address]:port" in its parts; nothing when it is neither.
std::optional<TcpCheck> ParseHostPort(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  const bool in_brackets = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (!in_brackets && absl::StrContains(host, ':')) return std::nullopt;
  std::uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 || port > 65535) return std::nullopt;
  if (!IsHost(host)) return std::nullopt;
  return TcpCheck{std::string(host), static_cast<std::uint16_t>(port)};
}

}  // namespace

std::vector<Guard> CheckReader::ReadGuards(const DocumentValue& value) {
  std::vector<Guard> guards;
  for (const DocumentPtr& item : ReadList(value, "'guards'", errors_)) {
    if (!guards_.Take(item->position, errors_)) break;
    guards.push_back(ReadGuard(*item, guards.size() + 1));
  }
  return guards;
}

Guard CheckReader::ReadGuard(const DocumentValue& value, std::size_t number) {
  constexpr std::uint64_t kMostFailures = 1000;
  Guard guard;
  guard.position = value.position;
  const Record record(value, "a guard", keys::Guard(), errors_);
  if (!record.valid()) return guard;
  guard.name = ReadOwnName(record, "guard", number);
  ReadWhat(record, guard);
  ReadTimes(record, guard);
  if (const DocumentValue* word = record.Find("on_fail")) {
    guard.abort = ReadWord(*word, "'on_fail'", keys::OnFail(), errors_).value_or(0) == 0;
  }
  if (const DocumentValue* failures = record.Find("failures")) {
    guard.failures =
        static_cast<std::uint32_t>(ReadNumber(*failures, "'failures'", errors_, 1, kMostFailures).value_or(1));
  }
  return guard;
}

void CheckReader::ReadWhat(const Record& record, Guard& guard) {
  const DocumentValue* command = record.Find("command");
  const DocumentValue* http = record.Find("http");
  const DocumentValue* tcp = record.Find("tcp");
  const int checks = (command != nullptr ? 1 : 0) + (http != nullptr ? 1 : 0) + (tcp != nullptr ? 1 : 0);
  if (checks != 1) {
    errors_.Add(record.position(),
                absl::StrCat("guard '", guard.name, "' ", checks == 0 ? "checks nothing" : "checks more than one thing",
                             "; write one of 'command', 'http' and 'tcp'", checks == 0 ? "" : ", and a guard each"));
  }
  if (command != nullptr) guard.check = ReadCommand(*command);
  if (http != nullptr) guard.check = ReadHttp(*http);
  if (tcp != nullptr) guard.check = ReadTcp(*tcp);
}

void CheckReader::ReadTimes(const Record& record, Guard& guard) {
  const DocumentValue* every = record.Find("every");
  const DocumentValue* timeout = record.Find("timeout");
  if (every != nullptr) guard.every = ReadWait(*every, "'every'").value_or(guard.every);
  guard.timeout = std::min(guard.timeout, guard.every);
  if (timeout == nullptr) return;
  const std::optional<Duration> wait = ReadWait(*timeout, "'timeout'");
  if (!wait) return;
  guard.timeout = *wait;
  if (guard.timeout <= guard.every) return;
  errors_.Add(timeout->position, absl::StrCat("'timeout' is ", FormatDuration(guard.timeout), ", longer than 'every', ",
                                              FormatDuration(guard.every), "; a check must end before the next"));
}

Command CheckReader::ReadCommand(const DocumentValue& value) {
  constexpr std::size_t kMostArguments = 100;
  constexpr std::size_t kLongestArgument = 10'000;
  if (value.kind == Kind::kText) {
    errors_.Add(value.position, absl::StrCat("'command' must be a list, for no shell reads it: write [",
                                             absl::StrJoin(WordsOf(value.text), ", "),
                                             "]; if a shell is really meant, [\"sh\", \"-c\", \"...\"]"));
    return {};
  }
  Command command;
  const std::span<const DocumentPtr> items = ReadList(value, "'command'", errors_);
  if (items.size() > kMostArguments) {
    errors_.Add(items[kMostArguments]->position, absl::StrCat("a command has at most ", kMostArguments, " arguments"));
    return command;
  }
  for (const DocumentPtr& item : items) {
    const std::optional<std::string> argument = ReadText(*item, "an argument of 'command'", errors_);
    if (!argument) continue;
    if (argument->size() > kLongestArgument) {
      errors_.Add(item->position, absl::StrCat("an argument is longer than ", kLongestArgument, " characters"));
    } else if (argument->empty() && item == items.front()) {
      errors_.Add(item->position, "'command' begins with the program's name, and that is empty");
    }
    command.arguments.push_back(*argument);
  }
  return command;
}

HttpCheck CheckReader::ReadHttp(const DocumentValue& value) {
  HttpCheck check;
  if (value.kind != Kind::kMapping) {
    ReadUrl(value, check);
    return check;
  }
  const Record record(value, "'http'", keys::Http(), errors_);
  const DocumentValue* url =
      record.Require("url", "say what to ask, for example 'url: http://10.0.0.1/health'", errors_);
  if (url != nullptr) ReadUrl(*url, check);
  if (const DocumentValue* status = record.Find("status")) {
    check.status = static_cast<int>(ReadNumber(*status, "'status'", errors_, 100, 599).value_or(200));
  }
  const DocumentValue* field = record.Find("field");
  const DocumentValue* equals = record.Find("equals");
  if (field != nullptr) check.field = ReadText(*field, "'field'", errors_).value_or("");
  if (equals != nullptr) check.equals = ReadText(*equals, "'equals'", errors_);
  if (equals != nullptr && field == nullptr) {
    errors_.Add(equals->position, "'equals' needs a 'field' of the answer, for example 'field: status.0.state'");
  }
  if (field != nullptr && equals == nullptr) {
    errors_.Add(field->position, "'field' needs 'equals', what it is to be");
  }
  return check;
}

void CheckReader::ReadUrl(const DocumentValue& value, HttpCheck& check) {
  constexpr std::size_t kLongest = 2000;
  const std::optional<std::string> url = ReadText(value, "'http'", errors_);
  if (!url) return;
  absl::string_view rest = *url;
  const bool scheme = absl::ConsumePrefix(&rest, "http://") || absl::ConsumePrefix(&rest, "https://");
  const absl::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  const bool good = scheme && (IsHost(host) || ParseHostPort(host) ||
                               (absl::StartsWith(host, "[") && ParseHostPort(absl::StrCat(host, ":80"))));
  const bool plain =
      std::all_of(url->begin(), url->end(), [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
  if (!good || !plain || url->size() > kLongest) {
    errors_.Add(value.position,
                absl::StrCat("'", *url, "' is not a URL; write for example http://10.0.0.1:8080/health"));
  }
  check.url = *url;
}

TcpCheck CheckReader::ReadTcp(const DocumentValue& value) {
  const std::optional<std::string> text = ReadText(value, "'tcp'", errors_);
  if (!text) return {};
  const std::optional<TcpCheck> check = ParseHostPort(*text);
  if (!check) {
    errors_.Add(value.position, absl::StrCat("'", *text,
                                             "' is not a host and port; write for example 10.0.0.1:5432, "
                                             "db.example.com:5432 or \"[fd20::1]:5432\""));
  }
  return check.value_or(TcpCheck());
}

std::vector<Observation> CheckReader::ReadObservations(const DocumentValue& value, const StepNames& steps) {
  std::vector<Observation> observations;
  for (const DocumentPtr& item : ReadList(value, "'observe'", errors_)) {
    if (!observations_.Take(item->position, errors_)) break;
    observations.push_back(ReadObservation(*item, observations.size() + 1, steps));
  }
  return observations;
}

Observation CheckReader::ReadObservation(const DocumentValue& value, std::size_t number, const StepNames& steps) {
  Observation observation;
  observation.position = value.position;
  const Record record(value, "an observation", keys::Observation(), errors_);
  if (!record.valid()) return observation;
  observation.name = ReadOwnName(record, "observation", number);
  const DocumentValue* command =
      record.Require("command", "say what to run, for example 'command: [etcdctl, endpoint, status]'", errors_);
  if (command != nullptr) observation.command = ReadCommand(*command);
  ReadMoments(record, steps, observation);
  if (const DocumentValue* format = record.Find("format")) {
    observation.format =
        static_cast<OutputFormat>(ReadWord(*format, "'format'", keys::OutputFormats(), errors_).value_or(0));
    if (observation.format == OutputFormat::kOperations) of_operations_.Take(format->position, errors_);
  }
  if (const DocumentValue* timeout = record.Find("timeout")) {
    observation.timeout = ReadWait(*timeout, "'timeout'").value_or(observation.timeout);
  }
  return observation;
}

void CheckReader::ReadMoments(const Record& record, const StepNames& steps, Observation& observation) {
  const DocumentValue* at = record.Find("at");
  const DocumentValue* before = record.Find("before");
  const DocumentValue* after = record.Find("after");
  if (before != nullptr) observation.before = ReadSteps(*before, "'before'", steps);
  if (after != nullptr) observation.after = ReadSteps(*after, "'after'", steps);
  if (at == nullptr) return;
  observation.at_end = ReadWord(*at, "'at'", keys::ObservationMoments(), errors_).has_value();
  if (!observation.at_end || (before == nullptr && after == nullptr)) return;
  errors_.Add(at->position, absl::StrCat("'at: end' and '", before != nullptr ? "before" : "after",
                                         "' exclude each other; write an observation for each"));
}

std::string CheckReader::ReadOwnName(const Record& record, absl::string_view kind, std::size_t number) {
  std::string name = absl::StrCat(kind, "-", number);
  SourcePosition position = record.position();
  if (const DocumentValue* value = record.Find("name")) {
    position = value->position;
    name = ReadName(*value, absl::StrCat(kind, " name"), errors_).value_or(name);
  }
  const auto [same, fresh] = names_.try_emplace({std::string(kind), name}, record.position());
  if (!fresh) {
    errors_.Add(position, absl::StrCat(kind, " name '", name, "' is taken by the one at ", same->second.line, ":",
                                       same->second.column));
  }
  return name;
}

std::optional<Duration> CheckReader::ReadWait(const DocumentValue& value, absl::string_view what) {
  const std::optional<Duration> wait = ReadDuration(value, what, errors_);
  if (!wait || (*wait >= kShortestWait && *wait <= kLongestWait)) return wait;
  errors_.Add(value.position, absl::StrCat(what, " must be from ", FormatDuration(kShortestWait), " to ",
                                           FormatDuration(kLongestWait), ", not ", FormatDuration(*wait)));
  return std::nullopt;
}

std::vector<std::string> CheckReader::ReadSteps(const DocumentValue& value, absl::string_view what,
                                                const StepNames& steps) {
  std::vector<std::string> names;
  for (const auto& [name, repetitions] : steps) names.push_back(name);
  std::vector<std::string> found;
  for (const DocumentValue* item : ReadItems(value, what, errors_)) {
    const std::optional<std::string> name = ReadText(*item, "a step's name", errors_);
    if (!name) continue;
    const auto repetitions = steps.find(*name);
    if (repetitions == steps.end()) {
      errors_.Add(item->position, absl::StrCat("unknown step '", *name, "'", errors_.Suggest(*name, names)));
    } else {
      found.insert(found.end(), repetitions->second.begin(), repetitions->second.end());
    }
    if (found.size() > 1000) break;
  }
  return found;
}

}  // namespace faultline
