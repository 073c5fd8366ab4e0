#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/document/text_error.h"
#include "common/prefix_set.h"
#include "common/ratio.h"
#include "common/timeline.h"

namespace faultline {

// Nodes drawn at random, with the plan's seed, from the members of a group.
struct Draw {
  enum class Amount : std::uint8_t {
    kCount,
    // The most that is less than half.
    kMinority,
    // The least that is more than half.
    kMajority,
  };
  Amount amount = Amount::kCount;
  // Of kCount.
  std::uint32_t count = 1;
  std::string of;
  friend bool operator==(const Draw&, const Draw&) = default;
};

// A name that is looked up when a run is armed, or was.
struct DnsName {
  std::string name;
  SourcePosition position;
  friend bool operator==(const DnsName&, const DnsName&) = default;
};

// A set of hosts: the union of all that is named here, without those of `except`. Members are the nodes with an address
// inside `cidrs`, those named by `nodes`, and those that have all of `labels`.
struct Group {
  std::string name;
  SourcePosition position;
  // With the prefixes of aws_ip_ranges, and the addresses of `dns` once they are known.
  PrefixSet cidrs;
  // Whether aws_ip_ranges are among those: addresses of services. Only words hang on it.
  bool published = false;
  // Names or globs ('*', '?').
  std::vector<std::string> nodes;
  // Every one must match; values may be globs.
  std::map<std::string, std::string> labels;
  std::vector<DnsName> dns;
  // Other groups. No group is part of itself.
  std::vector<std::string> all;
  std::vector<std::string> except;
  std::optional<Draw> draw;
  friend bool operator==(const Group&, const Group&) = default;
};

// The group of every node, which a plan has without saying so.
inline constexpr char kEveryNode[] = "all";

// A fault on packets of one direction.
struct OneWay {
  std::string from;
  std::string to;
  // The author says that `to` has no agent ("blackhole"). Only words hang on it.
  bool blackhole = false;

  friend bool operator==(const OneWay&, const OneWay&) = default;
};

// A fault on all packets between any two of the groups, both ways.
struct Between {
  std::vector<std::string> groups;
  friend bool operator==(const Between&, const Between&) = default;
};

// A fault on all packets between a group's hosts and others, both ways; among themselves they go on as before.
struct Isolate {
  std::string group;
  // Absent: all the world.
  std::optional<std::string> from;
  friend bool operator==(const Isolate&, const Isolate&) = default;
};

// Shapes of the members of one group, drawn with the plan's seed; packets to and from others are left alone. All are
// after Jepsen's nemesis (jepsen.nemesis, grudges of the same names).
struct Shape {
  enum class Kind : std::uint8_t {
    // Two halves; of an odd number one has one more. No packet passes between them.
    kHalves,
    // The same, but for one node that both halves still reach, and that reaches both.
    kBridge,
    // Every node hears a majority, itself counted in, and no two hear the same.
    kMajoritiesRing,
    // So many components as equal in size as can be. No packet passes between any two.
    kIslands,
  };
  Kind kind = Kind::kHalves;
  std::string of;
  // Of kIslands: 2 or more.
  std::uint32_t islands = 2;
  friend bool operator==(const Shape&, const Shape&) = default;
};

using Ends = std::variant<OneWay, Between, Isolate, Shape>;

struct PlanStep {
  // Of a repeated step "name.1", "name.2" and so on, each a step.
  std::string name;
  SourcePosition position;
  // After T0, warmup included.
  Duration at{0};
  Duration length{0};
  Ends ends;
  Effect effect;
  // Without except_addresses: those are `exclude`. `ports` of a OneWay are destination ports, of any other they count
  // on either end.
  PacketFilter filter;
  // Packets from or to these are spared.
  PrefixSet exclude;
  std::optional<Flap> flap;
  std::optional<Ramp> ramp;
  friend bool operator==(const PlanStep&, const PlanStep&) = default;
};

// A number that an observation is to be near.
struct NearDelay {
  // Added by the step: one way, or there and back.
  Duration delay{0};
  bool round_trip = false;
  Duration within{0};
  friend bool operator==(const NearDelay&, const NearDelay&) = default;
};
struct NearLoss {
  Ratio loss;
  Ratio within;
  friend bool operator==(const NearLoss&, const NearLoss&) = default;
};
enum class Reachability : std::uint8_t { kReachable, kUnreachable };

// What is to be observed while a step acts, beyond what the step's fault implies.
struct Expectation {
  SourcePosition position;
  // As its author would say it: "london to paris unreachable in split".
  std::string text;
  std::string step;
  // Groups. Both ways when `both_ways`.
  std::string from;
  std::string to;
  bool both_ways = false;
  std::variant<Reachability, NearDelay, NearLoss> what;
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

// A program that the controller runs, without a shell: its file and arguments, found by PATH.
struct Command {
  std::vector<std::string> arguments;
  friend bool operator==(const Command&, const Command&) = default;
};
struct HttpCheck {
  std::string url;
  int status = 200;
  // Of the answer as JSON: the value at "a.b.0.c" must be this text; absent: any answer will do.
  std::string field;
  std::optional<std::string> equals;
  friend bool operator==(const HttpCheck&, const HttpCheck&) = default;
};
struct TcpCheck {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const TcpCheck&, const TcpCheck&) = default;
};

// A condition that the controller checks from before the first fault to the run's end.
struct Guard {
  std::string name;
  SourcePosition position;
  std::variant<Command, HttpCheck, TcpCheck> check;
  Duration every = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(5);
  // How many checks in a row must fail.
  std::uint32_t failures = 1;
  // Else a failure is only recorded.
  bool abort = true;
  friend bool operator==(const Guard&, const Guard&) = default;
};

// What an observation's program prints.
enum class OutputFormat : std::uint8_t {
  // Anything; it is kept as it is.
  kText,
  // Lines of what clients of the system under test did (controller/clients); they are counted, not kept.
  kOperations,
};

// A program whose output is kept in the run's record.
struct Observation {
  std::string name;
  SourcePosition position;
  Command command;
  OutputFormat format = OutputFormat::kText;
  // Once, at the run's end; then `before` and `after` are empty.
  bool at_end = false;
  // Names of steps: just before they begin, and just after they have ended. Both empty: before the first and after the
  // last.
  std::vector<std::string> before;
  std::vector<std::string> after;
  Duration timeout = std::chrono::seconds(10);
  friend bool operator==(const Observation&, const Observation&) = default;
};

// A plan as its author wrote it, with variables and repetitions filled in. A value; ParsePlan only makes ones in which
// every group and step that is named exists.
struct Plan {
  std::string name;
  std::string description;
  std::uint64_t seed = 0;
  ControllerLoss on_controller_loss = ControllerLoss::kHeal;
  // Whether each stage that has a step after it is held until it was observed as planned, and for how long at most;
  // only with kHeal.
  std::optional<Duration> wait_verified;
  // Unless empty, what the label "env" of every node on either side of a fault must be.
  std::string env;
  // Blast radius: a plan of which the faults concern more nodes than this is refused.
  std::optional<std::uint32_t> max_nodes;
  std::optional<Ratio> max_share;
  // Observation before the first step's time 0 and after the last step's end.
  Duration warmup{0};
  Duration cooldown = std::chrono::seconds(3);
  // Of it all, when the author says it: the cooldown is what is left.
  std::optional<Duration> length;
  // By name.
  std::map<std::string, Group> groups;
  // In the order of the text.
  std::vector<PlanStep> steps;
  std::vector<Expectation> expectations;
  std::vector<Guard> guards;
  std::vector<Observation> observations;
  // What ${name} stood for.
  std::map<std::string, std::string> variables;
};

}  // namespace faultline
