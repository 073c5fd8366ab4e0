#include "controller/report/event_line.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/report/line_of.h"
#include "controller/report/log_filter.h"
#include "controller/report/run_events.h"
#include "tests/unit/report/full_run.h"
#include "tests/unit/report/logged_events.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kLog = R"json(
{"number": 1, "time": "2024-01-01T00:00:05.000000000Z", "kind": "node_connected", "node": "par-1", "detail": "Linux 6.1, 172.33.0.1"}
{"number": 2, "time": "2024-01-01T00:00:05.000000000Z", "kind": "node_lost", "node": "par-1", "detail": "its session ended"}
{"number": 3, "time": "2024-01-01T00:00:05.000000000Z", "kind": "node_changed", "node": "par-1", "detail": "came: region=eu"}
{"number": 4, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_waiting", "detail": "until 2024-01-01T00:00:06Z"}
{"number": 5, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_armed", "detail": "on 2 nodes"}
{"number": 6, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_fired", "detail": "T0 is in 500ms"}
{"number": 7, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "step_fired", "at_s": 10.00035, "node": "par-1", "step": "one-way", "planned_s": 10, "late_ms": 0.35, "kernel_ms": 0.21}
{"number": 8, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "step_healed", "at_s": 10.00035, "node": "par-1", "step": "one-way", "planned_s": 10, "late_ms": 0.35, "kernel_ms": 0.21}
{"number": 9, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "node_ended", "at_s": 63, "node": "par-1", "end": "completed", "detail": "", "packets": 42, "residue": "equal"}
{"number": 10, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "lease_lost", "at_s": 63, "node": "par-1", "end": "lease_lost", "detail": "", "packets": 42, "residue": "equal"}
{"number": 11, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_ended", "outcome": "not_verified", "summary": "stage split: 2 edges"}
{"number": 12, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "guard_failed", "at_s": -1.5, "guard": "quorum", "detail": "status 503"}
{"number": 13, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "foreign_change", "at_s": 12, "node": "par-1", "detail": "device fl0 was deleted"}
{"number": 14, "time": "2024-01-01T00:00:05.000000000Z", "kind": "observations_dropped", "node": "par-1", "detail": "7 windows were lost there"}
{"number": 22, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_held", "detail": "one-way is to be observed as planned first"}
{"number": 23, "time": "2024-01-01T00:00:05.000000000Z", "run": "split-brain-3", "kind": "run_proceeded", "detail": "one-way was observed as planned; it lasts 4s longer"}
)json";

// Of the kinds that only a report has, the first line each.
constexpr absl::string_view kRecord = R"json(
{"time": "2024-01-01T00:00:00.000000000Z", "run": "split-brain-3", "kind": "run_accepted", "plan": "split-brain", "seed": "7"}
{"time": "2024-01-01T00:00:01.500000000Z", "run": "split-brain-3", "kind": "guard_checked", "at_s": -0.5, "guard": "quorum", "passed": true, "detail": "", "repeated": 7}
{"time": "2024-01-01T00:00:02.000000000Z", "run": "split-brain-3", "kind": "run_started", "at_s": 0, "nodes": 2}
{"time": "2024-01-01T00:00:02.000000000Z", "run": "split-brain-3", "kind": "stage_began", "at_s": 0, "stage": "baseline"}
{"time": "2024-01-01T00:00:11.900000000Z", "run": "split-brain-3", "kind": "captured", "at_s": 9.9, "observation": "quiet", "moment": "before one-way", "command": ["pmap", "quiet"], "exit_code": 3, "took_ms": 40, "timed_out": false, "truncated": false, "output": "quiet"}
{"time": "2024-01-01T00:00:12.000000000Z", "run": "split-brain-3", "kind": "stage_ended", "at_s": 10, "stage": "baseline", "agrees": true, "edges": 4, "edges_off": 0}
{"time": "2024-01-01T00:00:32.000000000Z", "run": "split-brain-3", "kind": "expectation_judged", "at_s": 30, "stage": "one-way", "expectation": "quiet", "judgement": "off", "detail": "quiet"}
)json";

bool IsLogged(v1::EventKind kind) {
  return kind < v1::EVENT_KIND_RUN_ACCEPTED || kind > v1::EVENT_KIND_EXPECTATION_JUDGED;
}

// Every kind there is but that of none.
std::vector<v1::EventKind> AllKinds() {
  std::vector<v1::EventKind> kinds;
  for (int kind = v1::EVENT_KIND_UNSPECIFIED + 1; kind <= v1::EventKind_MAX; ++kind) {
    kinds.push_back(static_cast<v1::EventKind>(kind));
  }
  return kinds;
}

std::string FileText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// By kind, who tells of it, and its fields, as the table has them; of `as of`, those of that kind.
struct Row {
  std::string by;
  std::set<std::string> fields;
};
std::map<std::string, Row> Documented() {
  static const std::regex kRow(R"(\| `(\w+)` \| (both|events|report) \| [^|]+ \| ([^|]*)\|)");
  static const std::regex kName(R"((as of )?`(\w+)`)");
  const std::string text = FileText(FAULTLINE_SOURCE_DIR "/docs/EVENTS.md");
  std::map<std::string, Row> rows;
  for (std::sregex_iterator row(text.begin(), text.end(), kRow), end; row != end; ++row) {
    Row& made = rows[(*row)[1]];
    made.by = (*row)[2];
    const std::string fields = (*row)[3];
    for (std::sregex_iterator name(fields.begin(), fields.end(), kName); name != end; ++name) {
      if ((*name)[1].matched) made.fields.merge(std::set(rows[(*name)[2]].fields));
      made.fields.insert((*name)[2]);
    }
  }
  return rows;
}

TEST(EventLineTest, EveryKindOfTheLog) {
  std::string lines = "\n";
  for (const v1::EventKind kind : AllKinds()) {
    if (IsLogged(kind)) lines += RenderLine(LineOf(LoggedEvent(kind)));
  }
  EXPECT_EQ(lines, kLog);
}

TEST(EventLineTest, EveryKindThatOnlyARecordHas) {
  std::set<v1::EventKind> seen;
  std::string lines = "\n";
  for (const EventLine& line : EventsOf(FullRun(), {})) {
    if (!IsLogged(line.kind) && seen.insert(line.kind).second) lines += RenderLine(line);
  }
  EXPECT_EQ(lines, kRecord);
  for (const v1::EventKind kind : AllKinds()) EXPECT_TRUE(IsLogged(kind) || seen.contains(kind)) << NameOf(kind);
}

TEST(EventLineTest, KindsAndWhoTellsThemAreAsDocumented) {
  std::set<v1::EventKind> reported;
  v1::Run run = FullRun();
  run.mutable_nodes(0)->mutable_outcome()->set_end(v1::NODE_END_LEASE_LOST);
  run.mutable_nodes(0)->add_foreign_changes()->set_text("device fl0 was deleted");
  LoggedEvents log;
  for (const v1::EventKind kind : AllKinds()) {
    if (IsLogged(kind) && LogFilter(run).Takes(LoggedEvent(kind))) *log.Add() = LoggedEvent(kind);
  }
  for (const EventLine& line : EventsOf(run, log)) reported.insert(line.kind);
  std::map<std::string, Row> rows = Documented();
  for (const v1::EventKind kind : AllKinds()) {
    EXPECT_EQ(rows[NameOf(kind)].by, !IsLogged(kind)           ? "report"
                                     : reported.contains(kind) ? "both"
                                                               : "events")
        << NameOf(kind);
  }
  EXPECT_EQ(rows.size(), AllKinds().size()) << "kinds that are not";
}

// Members of a flat object whose values have no colons after quotes. (Struct's own map is laid out otherwise for TSan
// than the library has it.)
std::vector<std::string> NamesIn(absl::string_view line) {
  std::vector<std::string> names;
  for (std::size_t end = line.find("\": "); end != line.npos; end = line.find("\": ", end + 1)) {
    const std::size_t begin = line.rfind('"', end - 1) + 1;
    names.emplace_back(line.substr(begin, end - begin));
  }
  return names;
}

std::string ValueOf(absl::string_view name, absl::string_view line) {
  const std::string start = absl::StrCat("\"", name, "\": \"");
  const std::size_t begin = line.find(start) + start.size();
  return std::string(line.substr(begin, line.find('"', begin) - begin));
}

TEST(EventLineTest, FieldsAreAsDocumented) {
  const std::set<std::string> everywhere = {"number", "time", "run", "kind", "at_s", "node", "step", "stage"};
  std::map<std::string, Row> rows = Documented();
  for (const absl::string_view line : absl::StrSplit(absl::StrCat(kLog, kRecord), '\n', absl::SkipEmpty())) {
    google::protobuf::Struct object;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &object).ok()) << line;
    const std::string kind = ValueOf("kind", line);
    for (const std::string& name : NamesIn(line)) {
      EXPECT_TRUE(everywhere.contains(name) || rows[kind].fields.contains(name)) << kind << ": " << name;
    }
  }
  const std::string text = FileText(FAULTLINE_SOURCE_DIR "/docs/EVENTS.md");
  for (const std::string& name : everywhere) EXPECT_THAT(text, HasSubstr(absl::StrCat("`", name, "`")));
}

TEST(EventLineTest, AKindOfANewerControllerIsStillALine) {
  v1::Event event = LoggedEvent(v1::EVENT_KIND_NODE_LOST);
  event.set_kind(static_cast<v1::EventKind>(99));
  EXPECT_EQ(RenderLine(LineOf(event)),
            "{\"number\": 2, \"time\": \"2024-01-01T00:00:05.000000000Z\", \"kind\": \"other\", \"node\": \"par-1\", "
            "\"detail\": \"its session ended\"}\n");
}

}  // namespace
}  // namespace faultline
