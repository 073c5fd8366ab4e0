#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;

// A text with exactly one error.
struct BadPlan {
  const char* name;
  std::string text;
  // "line:column: message".
  std::string error;
};

void PrintTo(const BadPlan& bad, std::ostream* out) { *out << bad.text; }

class BadPlanTest : public ::testing::TestWithParam<BadPlan> {};

TEST_P(BadPlanTest, HasThisErrorHere) { EXPECT_THAT(PlanErrors(GetParam().text), ElementsAre(GetParam().error)); }

std::string NameOf(const ::testing::TestParamInfo<BadPlan>& info) { return info.param.name; }

// Three good lines of a plan, to which a case adds the fourth: its steps.
std::string Steps(absl::string_view steps) {
  return absl::StrCat(
      "name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]},\n         oslo: {nodes: [c]}}\nsteps: ", steps, "\n");
}
// A good plan but for its groups, on line 2.
std::string Groups(absl::string_view groups) {
  return absl::StrCat("name: p\ngroups: {", groups,
                      ", x: {nodes: [x]}, y: {nodes: [y]}}\nsteps: [{for: 1s, partition: [x, y]}]\n");
}
// A good plan but for its first line.
std::string Top(absl::string_view line) {
  return absl::StrCat(line, "\ngroups: {x: {nodes: [x]}, y: {nodes: [y]}}\nsteps: [{for: 1s, partition: [x, y]}]\n");
}

const char* const kUnitHint = "; write for example 250ms, 30s, 1h30m or PT5M";

INSTANTIATE_TEST_SUITE_P(
    Text, BadPlanTest,
    ::testing::Values(
        BadPlan{"Empty", "", "1:1: the text is empty"}, BadPlan{"OnlyComments", "# x\n", "1:1: the text is empty"},
        BadPlan{"Scalar", "hello", "1:1: a plan must be a mapping, but it is a single value"},
        BadPlan{"List", "[a]", "1:1: a plan must be a mapping, but it is a list"},
        BadPlan{"Nothing", "~", "1:1: a plan must be a mapping, but it is empty"},
        BadPlan{"EmptyMapping", "{}", "1:1: a plan is an empty mapping"},
        BadPlan{"Unclosed", "name: {a: b", "1:12: malformed YAML: end of map flow not found"},
        BadPlan{"BadIndent", "name: x\n seed: 1\n", "2:6: malformed YAML: illegal map value"},
        BadPlan{"UnknownAlias", "name: *x\n", "1:7: malformed YAML: the referenced anchor is not defined"},
        BadPlan{"AliasInsideItself", "name: &x [*x]\n",
                "1:11: malformed YAML: an alias may not stand inside of what it names"},
        BadPlan{"TwoDocuments", "name: x\n---\nname: y\n",
                "2:1: malformed YAML: a second document begins; expected one"},
        BadPlan{"NulByte", std::string("name: x\nseed: \0", 15), "2:7: a control character; expected plain text"},
        BadPlan{"EndOfTransmission", "name: x\n\x04 rest", "2:1: a control character; expected plain text"},
        BadPlan{"Latin1", "name: caf\xe9\n", "1:10: a byte that is not UTF-8; expected UTF-8 text"},
        BadPlan{"OverlongUtf8", "name: \xc0\xaf\n", "1:7: a byte that is not UTF-8; expected UTF-8 text"},
        BadPlan{"CutUtf8", "name: \xe2\x82", "1:7: a byte that is not UTF-8; expected UTF-8 text"},
        BadPlan{"TooLong", std::string((8 << 20) + 1, '#'),
                "1:1: the text has 8388609 bytes; at most 8388608 are read"},
        BadPlan{"TooDeep", std::string(33, '[') + std::string(33, ']'),
                "1:33: malformed YAML: values are nested more than 32 deep"},
        BadPlan{"EscapedControl", Top("name: p\ndescription: \"\\e[31m\""),
                "2:14: a control character; expected plain text"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Header, BadPlanTest,
    ::testing::Values(
        BadPlan{"Version", Top("{name: p, version: 2}\n").replace(0, 23, "name: p\nversion: 2\n"),
                "2:10: 'version' must be 1, not 2"},
        BadPlan{"VersionText", Top("name: p\nversion: one"),
                "2:10: 'version' must be a whole number from 0 to 18446744073709551615, not 'one'"},
        BadPlan{"NoName", Top("seed: 1"), "1:1: a plan has no 'name'; a plan needs a name"},
        BadPlan{"NameWithBlank", Top("name: my plan"),
                "1:7: plan name 'my plan' may have only letters, digits, '-', '_' and '.'"},
        BadPlan{"NameEmpty", Top("name: ''"), "1:7: plan name is empty"},
        BadPlan{"NameNothing", Top("name:"), "1:1: plan name must be a text, but it is empty"},
        BadPlan{"NameList", Top("name: [p]"), "1:7: plan name must be a text, but it is a list"},
        BadPlan{"SeedTooLarge", Top("name: p\nseed: 18446744073709551616"),
                "2:7: 'seed' must be a whole number from 0 to 18446744073709551615, not '18446744073709551616'"},
        BadPlan{"SeedMapping", Top("name: p\nseed: {a: b}"), "2:7: 'seed' must be a whole number, but it is a mapping"},
        BadPlan{"ControllerLoss", Top("name: p\non_controller_loss: stop"),
                "2:21: 'on_controller_loss' must be heal or continue, not 'stop'"},
        BadPlan{"PatienceTooLong", Top("name: p\nwait_verified: 25h"),
                "2:16: 'wait_verified' must be 1s to 24h, not 25h"},
        BadPlan{"PatienceWithoutController", Top("name: p\non_controller_loss: continue\nwait_verified: 1m"),
                "3:16: 'wait_verified' needs on_controller_loss: heal, for nodes that wait learn from the controller "
                "alone when to go on"},
        BadPlan{"UnknownKeyNear", Top("name: p\ndescripton: x"),
                "2:1: unknown key 'descripton' in a plan; did you mean 'description'?"},
        BadPlan{"UnknownKeyFar", Top("name: p\nhypothesis: []"),
                "2:1: unknown key 'hypothesis' in a plan; expected: version, name, description, seed, "
                "on_controller_loss, wait_verified, env, max_nodes, max_share, warmup, cooldown, length, vars, "
                "include, groups, "
                "steps, expect, guards, observe, samples, set, included, ip_ranges"},
        BadPlan{"DuplicateKey", Top("name: p\nname: q"), "2:1: duplicate key 'name'; it is already at 1:1"},
        BadPlan{"KeyIsList", Top("name: p\n? [a]\n: b"), "2:3: a key of a plan must be a text, but it is a list"},
        BadPlan{"NoSteps", "name: p\ngroups: {a: {nodes: [x]}}\n", "1:1: a plan has no 'steps'; say what happens"},
        BadPlan{"NoGroups", "name: p\nsteps: [{for: 1s, partition: [all, y]}]\n", "2:36: unknown group 'y'"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Groups, BadPlanTest,
    ::testing::Values(
        BadPlan{"NotAMapping", Groups("g: [a]"), "2:13: group 'g' must be a mapping, but it is a list"},
        BadPlan{"Empty", Groups("g: {}"), "2:13: group 'g' is an empty mapping"},
        BadPlan{"BadName", Groups("-g: {nodes: [a]}"), "2:10: group name '-g' must begin with a letter or digit"},
        BadPlan{"UnknownKey", Groups("g: {nodes: [a], lables: {a: b}}"),
                "2:26: unknown key 'lables' in group 'g'; did you mean 'labels'?"},
        BadPlan{"CidrsAMapping", Groups("g: {cidrs: {a: 10.0.0.0/8}}"),
                "2:21: 'cidrs' must be a single value or a list, but it is a mapping"},
        BadPlan{"CidrsEmpty", Groups("g: {cidrs: []}"), "2:21: 'cidrs' is an empty list"},
        BadPlan{"HostBits", Groups("g: {cidrs: [10.0.0.0/8, 172.32.5.0/16]}"),
                "2:34: CIDR '172.32.5.0/16' has host bits set; did you mean 172.32.0.0/16 or 172.32.5.0/32?"},
        BadPlan{"NoCidr", Groups("g: {cidrs: [london]}"),
                "2:22: 'london' is not a CIDR; write for example 172.32.0.0/16 or fd20::/48"},
        BadPlan{"CidrLength", Groups("g: {cidrs: [10.0.0.0/33]}"),
                "2:22: '10.0.0.0/33' is not a CIDR: its length must be within 0 to 32"},
        BadPlan{"CidrIsAMapping", Groups("g: {cidrs: [fd20::/48, {a: b}]}"),
                "2:33: a CIDR must be a text, but it is a mapping"},
        BadPlan{"NodesEmpty", Groups("g: {nodes: []}"), "2:21: 'nodes' is an empty list"},
        BadPlan{"NodeNameEmpty", Groups("g: {nodes: ['']}"), "2:22: node name is empty"},
        BadPlan{"LabelsEmpty", Groups("g: {labels: {}}"), "2:22: 'labels' is an empty mapping"},
        BadPlan{"LabelsAList", Groups("g: {labels: [a]}"), "2:22: 'labels' must be a mapping, but it is a list"},
        BadPlan{"LabelValueNothing", Groups("g: {labels: {az: }}"), "2:23: label 'az' must be a text, but it is empty"},
        BadPlan{"LabelTwice", Groups("g: {labels: {az: a, az: b}}"), "2:30: duplicate key 'az'; it is already at 2:23"},
        BadPlan{"GroupTwice", Groups("g: {nodes: [a]}, g: {nodes: [b]}"),
                "2:27: duplicate key 'g'; it is already at 2:10"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Steps, BadPlanTest,
    ::testing::Values(
        BadPlan{"NotAList", Steps("{for: 1s}"), "4:8: 'steps' must be a list, but it is a mapping"},
        BadPlan{"None", Steps("[]"), "4:8: 'steps' is an empty list"},
        BadPlan{"StepIsText", Steps("[cut]"), "4:9: a step must be a mapping, but it is a single value"},
        BadPlan{"UnknownKey", Steps("[{fro: 2s, for: 1s, partition: [lon, par]}]"),
                "4:10: unknown key 'fro' in a step; did you mean 'for'?"},
        BadPlan{"NoFor", Steps("[{at: 1s, partition: [lon, par]}]"),
                "4:9: a step has no 'for'; say how long it lasts, for example 'for: 30s'"},
        BadPlan{"ForWithoutUnit", Steps("[{for: 10, partition: [lon, par]}]"),
                absl::StrCat("4:15: 'for': '10' is not a duration: it has no unit", kUnitHint)},
        BadPlan{"ForNegative", Steps("[{for: -10s, partition: [lon, par]}]"),
                absl::StrCat("4:15: 'for': '-10s' is not a duration: it is negative", kUnitHint)},
        BadPlan{"AtNegative", Steps("[{at: -1s, for: 10s, partition: [lon, par]}]"),
                absl::StrCat("4:14: 'at': '-1s' is not a duration: it is negative", kUnitHint)},
        BadPlan{"AtWithoutUnit", Steps("[{at: 10, for: 10s, partition: [lon, par]}]"),
                absl::StrCat("4:14: 'at': '10' is not a duration: it has no unit", kUnitHint)},
        BadPlan{"AtIsAList", Steps("[{at: [10s], for: 10s, partition: [lon, par]}]"),
                "4:14: 'at' must be a duration such as 30s, but it is a list"},
        BadPlan{"ForTooShort", Steps("[{for: 99ms, partition: [lon, par]}]"),
                "4:15: 'for' is 99ms; a step lasts at least 100ms"},
        BadPlan{"ForZero", Steps("[{for: 0, partition: [lon, par]}]"),
                "4:15: 'for' is 0s; a step lasts at least 100ms"},
        BadPlan{"EndsTooLate", Steps("[{at: 9999h, for: 1h1s, partition: [lon, par]}]"),
                "4:9: step 'step-1' ends 10000h1s after the start; a plan lasts at most 10000h"},
        BadPlan{"NoStart", Steps("[{for: 1s, partition: [lon, par]},\n {for: 1s, partition: [lon, par]}]"),
                "5:2: step 'step-2' has no start; write 'at: 30s' or 'after: step-1'"},
        BadPlan{"AtAndAfter",
                Steps("[{for: 1s, partition: [lon, par]},\n {at: 1s, after: step-1, for: 1s, partition: [lon, par]}]"),
                "5:18: step 'step-2' has both 'at' and 'after'; one says its start"},
        BadPlan{
            "AfterUnknown",
            Steps("[{name: split, for: 1s, partition: [lon, par]},\n {after: splt, for: 1s, partition: [lon, par]}]"),
            "5:10: unknown step 'splt'; did you mean 'split'?"},
        BadPlan{
            "AfterLater",
            Steps("[{after: b, for: 1s, partition: [lon, par]},\n {name: b, at: 1s, for: 1s, partition: [lon, par]}]"),
            "4:17: 'after' must name an earlier step, but 'b' comes later"},
        BadPlan{"AfterItself", Steps("[{name: a, after: a, for: 1s, partition: [lon, par]}]"),
                "4:26: step 'a' cannot begin after itself"},
        BadPlan{"BadName", Steps("[{name: a b, for: 1s, partition: [lon, par]}]"),
                "4:16: step name 'a b' may have only letters, digits, '-', '_' and '.'"},
        BadPlan{
            "NameTaken",
            Steps("[{name: a, for: 1s, partition: [lon, par]},\n {name: a, at: 1s, for: 1s, partition: [lon, par]}]"),
            "5:9: step name 'a' is taken by the step at 4:9"},
        BadPlan{"DefaultNameTaken",
                Steps("[{name: step-2, for: 1s, partition: [lon, par]},\n {at: 1s, for: 1s, partition: [lon, par]}]"),
                "5:2: step name 'step-2' is taken by the step at 4:9"},
        BadPlan{"NoFault", Steps("[{for: 1s}]"),
                "4:9: a step has one fault, such as 'block', 'partition', 'isolate' or 'impair'; this one has none"},
        BadPlan{
            "TwoFaults", Steps("[{for: 1s, partition: [lon, par], block: {from: lon, to: par}}]"),
            "4:9: a step has one fault; this one has 'block' and 'partition', which may be two steps at the same time"},
        BadPlan{"DuplicateKey", Steps("[{for: 1s, partition: [lon, par], for: 2s}]"),
                "4:42: duplicate key 'for'; it is already at 4:10"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Faults, BadPlanTest,
    ::testing::Values(
        BadPlan{"BlockUnknownFrom", Steps("[{for: 1s, block: {from: lom, to: par}}]"),
                "4:33: unknown group 'lom'; did you mean 'lon'?"},
        BadPlan{"BlockUnknownTo", Steps("[{for: 1s, block: {from: lon, to: tokio}}]"), "4:42: unknown group 'tokio'"},
        BadPlan{"BlockSame", Steps("[{for: 1s, block: {from: lon, to: lon}}]"),
                "4:42: 'from' and 'to' are both 'lon'; a fault is between two different groups"},
        BadPlan{"BlockNoFrom", Steps("[{for: 1s, block: {to: lon}}]"),
                "4:26: 'block' has no 'from'; name the group that sends"},
        BadPlan{"BlockNoTo", Steps("[{for: 1s, block: {from: lon}}]"),
                "4:26: 'block' has no 'to'; name the group that receives"},
        BadPlan{"BlockList", Steps("[{for: 1s, block: [lon, par]}]"),
                "4:26: 'block' must say which way; write 'block: {from: A, to: B}'"},
        BadPlan{"BlockFromList", Steps("[{for: 1s, block: {from: [lon], to: par}}]"),
                "4:33: a group must be a text, but it is a list"},
        BadPlan{"BlockUnknownKey", Steps("[{for: 1s, block: {from: lon, to: par, delay: 1s}}]"),
                "4:47: unknown key 'delay' in 'block'; expected: from, to, action, protocol, ports, source_ports, "
                "exclude_ports, exclude, interface, dscp, connections"},
        BadPlan{"PartitionUnknown", Steps("[{for: 1s, partition: [lon, osl]}]"),
                "4:36: unknown group 'osl'; did you mean 'oslo'?"},
        BadPlan{"PartitionTwice", Steps("[{for: 1s, partition: [lon, par, lon]}]"),
                "4:41: group 'lon' comes twice in 'partition'"},
        BadPlan{"PartitionOne", Steps("[{for: 1s, partition: [lon]}]"), "4:30: 'partition' needs at least two groups"},
        BadPlan{"PartitionEmpty", Steps("[{for: 1s, partition: []}]"), "4:30: 'partition' is an empty list"},
        BadPlan{"PartitionMapping", Steps("[{for: 1s, partition: {from: lon, groups: [lon, par]}}]"),
                "4:31: unknown key 'from' in 'partition'; expected: groups, action, protocol, ports, source_ports, "
                "exclude_ports, exclude, interface, dscp, connections"}),
    NameOf);

// A list of `count` texts made from "x#", with # the number.
std::string Many(int count, absl::string_view item) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ",", absl::StrReplaceAll(item, {{"#", absl::StrCat(i)}}));
  }
  return list;
}

TEST(PlanLimitsTest, Groups) {
  EXPECT_THAT(PlanErrors(absl::StrCat("name: p\ngroups: {", Many(1000, "g#: {nodes: [x]}"),
                                      ",\nlast: {nodes: [x]}}\nsteps: [{for: 1s, partition: [g1, g2]}]\n")),
              ElementsAre("3:1: a plan has at most 1000 groups"));
}

TEST(PlanLimitsTest, Steps) {
  EXPECT_THAT(PlanErrors(Steps(absl::StrCat("[", Many(1000, "{at: 0s, for: 1s, partition: [lon, par]}"),
                                            ",\n {at: 0s, for: 1s, partition: [lon, par]}]"))),
              ElementsAre("5:2: a plan has at most 1000 steps"));
}

TEST(PlanLimitsTest, Cidrs) {
  std::string half;
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&half, i == 0 ? "::" : ",::", absl::Hex(i));
  EXPECT_THAT(PlanErrors(Groups(absl::StrCat("g: {cidrs: [", half, "]}, h: {cidrs: [", half, ",\n ::f]}"))),
              ElementsAre("3:2: a plan has at most 100000 CIDRs"));
}

TEST(PlanLimitsTest, NodesAndLabels) {
  EXPECT_THAT(PlanErrors(Groups(absl::StrCat("g: {nodes: [", Many(9998, "n#"), "],\n labels: {a: b}}"))),
              ElementsAre("3:48: a plan has at most 10000 node names and labels"));
}

}  // namespace
}  // namespace faultline
