#include "controller/plan/keys.h"

#include <initializer_list>
#include <vector>

namespace faultline::keys {
namespace {

using List = std::vector<std::string>;

List Join(std::initializer_list<Words> parts) {
  List all;
  for (const Words& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

List Make(std::initializer_list<const char*> words) { return List(words.begin(), words.end()); }

// Of a cut: its ends, then "action", then its packets.
List Cut(std::initializer_list<const char*> ends) { return Join({Make(ends), Make({"action"}), Packets()}); }

}  // namespace

Words Plan() {
  static const List keys = Make({"version",       "name",     "description", "seed",      "on_controller_loss",
                                 "wait_verified", "env",      "max_nodes",   "max_share", "warmup",
                                 "cooldown",      "length",   "vars",        "include",   "groups",
                                 "steps",         "expect",   "guards",      "observe",   "samples",
                                 "set",           "included", "ip_ranges"});
  return keys;
}

Words Included() {
  static const List keys = Make({"vars", "groups"});
  return keys;
}

Words Group() {
  static const List keys =
      Join({Make({"cidrs", "nodes", "labels", "dns", "aws_ip_ranges", "all", "except"}), Draws(), Make({"count"})});
  return keys;
}

Words Draws() {
  static const List keys = Make({"one_of", "some_of", "minority_of", "majority_of"});
  return keys;
}

Words AwsIpRanges() {
  static const List keys = Make({"file", "service", "region"});
  return keys;
}

Words IpRanges() {
  static const List keys = Join({AwsIpRanges(), Make({"cidrs"})});
  return keys;
}

Words Step() {
  static const List keys = Join({Make({"name", "at", "after", "for", "every", "times"}), Faults(),
                                 Make({"flap", "ramp", "semantics", "expect"})});
  return keys;
}

Words Faults() {
  static const List keys = Make({"block", "partition", "impair", "isolate", "region_down", "az_down", "halves",
                                 "bridge", "majorities_ring", "islands", "blackhole"});
  return keys;
}

Words Flap() {
  static const List keys = Make({"down", "up", "jitter"});
  return keys;
}

Words Ramp() {
  static const List keys =
      Make({"delay", "rtt", "jitter", "loss", "duplicate", "corrupt", "reorder", "rate", "over", "steps"});
  return keys;
}

Words OfFault(Fault fault) {
  // In the order of Fault.
  static const std::vector<List> lists = {
      Cut({"from", "to"}),
      Cut({"groups"}),
      Join({Make({"from", "to", "between", "group"}), Impairment(), Packets()}),
      Cut({"group", "nodes", "from"}),
      Cut({"region"}),
      Cut({"az"}),
      Cut({"of"}),
      Cut({"of"}),
      Cut({"of"}),
      Cut({"of", "count"}),
      Join({Make({"from", "to"}), Packets()}),
  };
  return lists[static_cast<std::size_t>(fault)];
}

Words Packets() {
  static const List keys =
      Make({"protocol", "ports", "source_ports", "exclude_ports", "exclude", "interface", "dscp", "connections"});
  return keys;
}

Words Impairment() {
  static const List keys = Make({"delay", "rtt", "jitter", "distribution", "samples", "correlation", "loss",
                                 "duplicate", "corrupt", "reorder", "rate", "burst"});
  return keys;
}

Words Loss() {
  static const List keys = Make({"ratio", "correlation", "gemodel"});
  return keys;
}

Words GilbertElliott() {
  static const List keys = Make({"p", "r", "1-h", "1-k"});
  return keys;
}

Words Reorder() {
  static const List keys = Make({"ratio", "correlation", "gap"});
  return keys;
}

Words Share() {
  static const List keys = Make({"ratio", "correlation"});
  return keys;
}

Words Expectation() {
  static const List keys = Join({Make({"step"}), StepExpectation()});
  return keys;
}

Words StepExpectation() {
  static const List keys = Make({"from", "to", "between", "reach", "rtt", "delay", "loss"});
  return keys;
}

Words Near() {
  static const List keys = Make({"near", "within"});
  return keys;
}

Words Guard() {
  static const List keys = Make({"name", "every", "timeout", "on_fail", "failures", "command", "http", "tcp"});
  return keys;
}

Words Http() {
  static const List keys = Make({"url", "status", "field", "equals"});
  return keys;
}

Words Observation() {
  static const List keys = Make({"name", "at", "before", "after", "command", "format", "timeout"});
  return keys;
}

Words Actions() {
  static const List words = Make({"drop", "reject"});
  return words;
}

Words Semantics() {
  static const List words = Make({"security-group"});
  return words;
}

Words Protocols() {
  static const List words = Make({"any", "tcp", "udp", "icmp", "sctp"});
  return words;
}

Words Connections() {
  static const List words = Make({"new", "established"});
  return words;
}

Words Distributions() {
  static const List words = Make({"uniform", "normal", "pareto", "paretonormal"});
  return words;
}

Words ControllerLosses() {
  static const List words = Make({"heal", "continue"});
  return words;
}

Words Reachabilities() {
  static const List words = Make({"reachable", "unreachable"});
  return words;
}

Words OnFail() {
  static const List words = Make({"abort", "note"});
  return words;
}

Words ObservationMoments() {
  static const List words = Make({"end"});
  return words;
}

Words OutputFormats() {
  static const List words = Make({"text", "operations"});
  return words;
}

}  // namespace faultline::keys
