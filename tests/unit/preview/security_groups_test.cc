#include "controller/preview/security_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "controller/plan/plan_yaml.h"
#include "controller/preview/shell_text.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ScriptOfText(const std::string& text) {
  const ParsedPlan parsed = ParsePlan(text);
  EXPECT_THAT(parsed.errors, IsEmpty()) << JoinErrors(parsed.errors, "p");
  return SecurityGroupScript(parsed.plan);
}

// The script for one step between London, by CIDR, and Paris, by label.
std::string ScriptOf(const std::string& step) {
  return ScriptOfText(
      absl::StrCat("name: p\ngroups:\n  london: {cidrs: [172.32.0.0/16, \"fd20::/48\"]}\n"
                   "  paris: {labels: {region: eu-west-3}}\n  one: {one_of: paris}\n  net: {cidrs: [10.0.0.0/8]}\n"
                   "  db: {dns: [db.example.com]}\nsteps:\n  - {at: 1s, for: 10s, name: s, ",
                   step, "}\n"));
}

std::string NotExpressed(const std::string& what) { return "not expressed: " + what; }

// Runs scripts with a stub in aws's place that keeps what it is called with, in a directory of its own.
class ScriptTest : public ::testing::Test {
 protected:
  ScriptTest() : directory_(fs::path(::testing::TempDir()) / absl::StrCat("security-groups-", getpid())) {
    fs::create_directories(directory_ / "bin");
    WriteProgram(
        "aws",
        "#!/bin/sh\necho \"$*\" >> calls\n[ ! -e fail ] || ! echo \"$*\" | grep -q -- \"$(cat fail)\" || exit 7\n"
        "case \"$*\" in *describe-security-groups*) echo '[{\"IpProtocol\": \"-1\"}]' ;; esac\n");
  }
  ~ScriptTest() override { fs::remove_all(directory_); }

  void WriteProgram(const std::string& name, const std::string& text) {
    const fs::path file = directory_ / "bin" / name;
    std::ofstream(file) << text;
    fs::permissions(file, fs::perms::owner_all);
  }

  // Its exit code; what it says is in the file "said".
  int Run(const std::string& script, const std::string& arguments, const std::string& environment = "") {
    std::ofstream(directory_ / "script.sh") << script;
    const std::string command =
        absl::StrCat("cd ", directory_.string(), " && rm -f calls && env PATH=", directory_.string(), "/bin:$PATH ",
                     environment, " sh script.sh ", arguments, " > said 2>&1");
    return WEXITSTATUS(std::system(command.c_str()));
  }

  std::string Said() const { return ReadFile(directory_ / "said").value_or(""); }
  std::vector<std::string> Calls() const {
    return absl::StrSplit(ReadFile(directory_ / "calls").value_or(""), '\n', absl::SkipEmpty());
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(directory_)) files.push_back(entry.path().filename());
    return files;
  }

  const fs::path directory_;
};

constexpr char kParis[] = "SG_PARIS=sg-1";

TEST_F(ScriptTest, ACutOfPortsIsRevokedAndAuthorizedAgain) {
  const std::string script = ScriptOf("block: {from: london, to: paris, protocol: tcp, ports: [3000, 3001-3002]}");
  const std::string first =
      "-security-group-ingress --group-id sg-1 --ip-permissions IpProtocol=tcp,FromPort=3000,ToPort=3000,"
      "IpRanges=[{CidrIp=172.32.0.0/16}],Ipv6Ranges=[{CidrIpv6=fd20::/48}]";
  EXPECT_EQ(Run(script, "s cut", kParis), 0) << Said();
  EXPECT_THAT(Calls(), ElementsAre("ec2 revoke" + first, HasSubstr("FromPort=3001,ToPort=3002")));
  EXPECT_EQ(Run(script, "s undo", kParis), 0) << Said();
  EXPECT_THAT(Calls(), ElementsAre(HasSubstr("ec2 authorize-security-group-ingress"), "ec2 authorize" + first));
}

TEST_F(ScriptTest, ACutOfWhichACommandFailsUndoesWhatWasDone) {
  const std::string script =
      ScriptOf("block: {from: london, to: paris, protocol: tcp, ports: [3000, 3001, 3002, 3009]}");
  std::ofstream(directory_ / "fail") << "revoke.*FromPort=3002";
  EXPECT_EQ(Run(script, "s cut", kParis), 1);
  EXPECT_THAT(Calls(), ElementsAre(HasSubstr("revoke-security-group-ingress"), HasSubstr("revoke"), HasSubstr("revoke"),
                                   AllOf(HasSubstr("authorize"), HasSubstr("FromPort=3001")),
                                   AllOf(HasSubstr("authorize"), HasSubstr("FromPort=3000"))));
  EXPECT_THAT(Said(), HasSubstr("change 3 failed; undoing what was done"));
}

TEST_F(ScriptTest, AnUndoThatFailsDoesNotKeepTheOthersFromBeingUndone) {
  const std::string script = ScriptOf("block: {from: london, to: paris, protocol: tcp, ports: [3000, 3001]}");
  std::ofstream(directory_ / "fail") << "authorize.*FromPort=3001";
  EXPECT_EQ(Run(script, "s undo", kParis), 1);
  EXPECT_THAT(Calls(), ElementsAre(HasSubstr("FromPort=3001"), HasSubstr("FromPort=3000")));
}

TEST_F(ScriptTest, IsolationTakesAllRulesAwayAndPutsThemBack) {
  const std::string script = ScriptOf("isolate: paris");
  EXPECT_EQ(Run(script, "s cut", kParis), 0) << Said();
  EXPECT_THAT(Calls(), ElementsAre(AllOf(HasSubstr("describe-security-groups"), HasSubstr("IpPermissions ")),
                                   HasSubstr("revoke-security-group-ingress --group-id sg-1 --ip-permissions file://"),
                                   AllOf(HasSubstr("describe-security-groups"), HasSubstr("IpPermissionsEgress")),
                                   HasSubstr("revoke-security-group-egress")));
  EXPECT_THAT(Files(), AllOf(Contains("step-1-ingress.json"), Contains("step-1-egress.json")));
  EXPECT_EQ(Run(script, "s cut", kParis), 1);
  EXPECT_THAT(Calls(), IsEmpty()) << "a second cut would forget the rules";
  EXPECT_EQ(Run(script, "s undo", kParis), 0) << Said();
  EXPECT_THAT(Calls(),
              ElementsAre(HasSubstr("authorize-security-group-egress"), HasSubstr("authorize-security-group-ingress")));
  EXPECT_THAT(Files(), Not(Contains("step-1-ingress.json")));
}

TEST_F(ScriptTest, AnIsolationThatFailsHalfWayIsUndone) {
  std::ofstream(directory_ / "fail") << "revoke-security-group-egress";
  EXPECT_EQ(Run(ScriptOf("isolate: paris"), "s cut", kParis), 1);
  EXPECT_THAT(Calls().back(), HasSubstr("authorize-security-group-ingress"));
  EXPECT_THAT(Files(), AllOf(Not(Contains("step-1-ingress.json")), Not(Contains("step-1-egress.json"))));
}

TEST_F(ScriptTest, WithoutArgumentsItOnlyTalks) {
  const std::string script = ScriptOf("block: {from: london, to: paris}");
  EXPECT_EQ(Run(script, ""), 0);
  EXPECT_THAT(Said(), AllOf(HasSubstr("STEP s, 1s to 11s: drop from london to paris"), HasSubstr("SG_PARIS: "),
                            HasSubstr(NotExpressed("one way"))));
  EXPECT_EQ(Run(script, "s"), 2);
  EXPECT_EQ(Run(script, "t cut"), 2);
  EXPECT_NE(Run(script, "s cut"), 0);
  EXPECT_THAT(Said(), HasSubstr("SG_PARIS"));
  EXPECT_THAT(Calls(), IsEmpty());
}

TEST_F(ScriptTest, NoTextOfThePlanIsRun) {
  constexpr char kHostile[] =
      "\n}\ntouch ran; $(touch ran) `touch ran` ';touch ran;' \"; touch ran\nEND_OF_USAGE\ntouch ran\n";
  Plan plan;
  plan.name = absl::StrCat("p", kHostile);
  for (const std::string& name : {absl::StrCat("region ", kHostile), absl::StrCat("b", kHostile)}) {
    Group group;
    group.name = name;
    group.labels = {{"region", kHostile}};
    plan.groups.emplace(name, group);
  }
  const std::string region = absl::StrCat("region ", kHostile);
  const std::string other = absl::StrCat("b", kHostile);
  for (const Ends& ends :
       {Ends(Isolate{region, std::nullopt}), Ends(OneWay{region, other}), Ends(Shape{.of = region})}) {
    PlanStep& step = plan.steps.emplace_back();
    step.name = absl::StrCat("s", plan.steps.size(), kHostile);
    step.ends = ends;
    step.effect = Drop();
  }
  const std::string script = SecurityGroupScript(plan);
  const std::string name = ShellText(plan.steps[0].name);
  for (const std::string& arguments :
       {std::string(), absl::StrCat("'", name, "' cut"), absl::StrCat("'", name, "' undo")}) {
    Run(script, arguments);
    EXPECT_THAT(Files(), Not(Contains("ran"))) << script;
    EXPECT_THAT(Calls(), IsEmpty());
  }
  EXPECT_EQ(std::system(absl::StrCat("sh -n ", (directory_ / "script.sh").string()).c_str()), 0) << script;
}

TEST_F(ScriptTest, ARegionsLabelIsAGroup) {
  const std::string script = ScriptOf("region_down: \"$(touch ran)\\n`touch ran`\"");
  Run(script, "");
  EXPECT_THAT(Said(), HasSubstr("the security group of region"));
  EXPECT_THAT(Files(), Not(Contains("ran")));
}

TEST(SecurityGroupsTest, APartitionIsBothWaysAndSourcesThatAreNotKnownAreAskedFor) {
  EXPECT_THAT(
      ScriptOf("partition: [london, paris]"),
      AllOf(HasSubstr("--group-id \"$SG_LONDON\" --ip-permissions \"IpProtocol=-1,IpRanges=[{CidrIp=$CIDR_PARIS}]\""),
            HasSubstr("--group-id \"$SG_PARIS\" --ip-permissions \"IpProtocol=-1,IpRanges=[{CidrIp=172.32.0.0/16}]"),
            HasSubstr(": \"${CIDR_PARIS:?")));
}

TEST(SecurityGroupsTest, WhatRulesCannotDoIsSaid) {
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris}"),
              AllOf(HasSubstr(NotExpressed("every packet")), HasSubstr(NotExpressed("one way"))));
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris, action: reject}"), HasSubstr(NotExpressed("refusing")));
  EXPECT_THAT(ScriptOf("partition: {groups: [london, paris], exclude_ports: 22}"),
              HasSubstr(NotExpressed("excluded ports")));
  EXPECT_THAT(ScriptOf("partition: [london, paris], flap: {down: 2s, up: 5s}"),
              HasSubstr(NotExpressed("coming and going")));
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris, dscp: ef}"), HasSubstr(NotExpressed("the code point")));
  EXPECT_THAT(ScriptOf("block: {from: london, to: one}"), HasSubstr(NotExpressed("the draw: one")));
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris, exclude: 172.32.9.0/24}"), HasSubstr(NotExpressed("sparing")));
  EXPECT_THAT(ScriptOf("isolate: paris"), HasSubstr(NotExpressed("within paris packets flow")));
}

TEST(SecurityGroupsTest, NewConnectionsOnlyIsWhatTheyDo) {
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris}, semantics: security-group"), Not(HasSubstr("not expressed")));
}

TEST(SecurityGroupsTest, ImpairmentsAndDrawnShapesHaveNoCommands) {
  for (const char* step : {"impair: {from: london, to: paris, delay: 80ms}", "halves: paris"}) {
    EXPECT_THAT(ScriptOf(step), AllOf(HasSubstr(NotExpressed("all of it")), Not(HasSubstr("cut_1_1")))) << step;
  }
}

TEST(SecurityGroupsTest, AnIsolationOfSomePacketsHasNoCommands) {
  for (const char* filter : {"protocol: tcp, ports: 3000", "exclude: 10.0.0.0/8", "exclude_ports: 22"}) {
    EXPECT_THAT(ScriptOf(absl::StrCat("isolate: {group: paris, ", filter, "}")),
                AllOf(HasSubstr(NotExpressed("all of it")), Not(HasSubstr("cut_1_1"))))
        << filter;
  }
  EXPECT_THAT(ScriptOf("isolate: paris, semantics: security-group"), HasSubstr("cut_1_1"));
}

TEST(SecurityGroupsTest, TowardsServicesTheSendersOwnRulesAreTaken) {
  EXPECT_THAT(ScriptOf("blackhole: {from: paris, to: net}"),
              AllOf(HasSubstr("revoke-security-group-egress --group-id \"$SG_PARIS\" --ip-permissions "
                              "\"IpProtocol=-1,IpRanges=[{CidrIp=10.0.0.0/8}]\""),
                    Not(HasSubstr("SG_NET"))));
  EXPECT_THAT(ScriptOf("block: {from: paris, to: net}"), HasSubstr("ingress --group-id \"$SG_NET\""));
  EXPECT_THAT(ScriptOf("block: {from: paris, to: db}"),
              AllOf(HasSubstr("egress --group-id \"$SG_PARIS\""), HasSubstr("$CIDR_DB"), Not(HasSubstr("SG_DB"))));
  EXPECT_THAT(
      ScriptOfText("name: p\ngroups:\n  a: {nodes: [x]}\n  s3: {aws_ip_ranges: {file: r.json}}\nip_ranges:\n"
                   "  - {file: r.json, cidrs: [3.5.0.0/16]}\nsteps:\n  - {for: 1s, partition: [a, s3]}\n"),
      AllOf(HasSubstr("egress --group-id \"$SG_A\" --ip-permissions \"IpProtocol=-1,IpRanges=[{CidrIp=3.5.0.0/16}]"),
            HasSubstr("ingress --group-id \"$SG_A\""), Not(HasSubstr("SG_S3"))));
}

TEST(SecurityGroupsTest, GroupsOfNearlyOneNameHaveVariablesOfTheirOwn) {
  EXPECT_THAT(ScriptOfText("name: p\ngroups: {lon-a: {nodes: [x]}, lon_a: {nodes: [y]}, lon.a: {nodes: [z]}}\n"
                           "steps: [{for: 1s, name: s, partition: [lon-a, lon_a, lon.a]}]\n"),
              AllOf(HasSubstr("SG_LON_A: the id of the security group of"), HasSubstr("SG_LON_A_2: "),
                    HasSubstr("SG_LON_A_3: ")));
}

TEST(SecurityGroupsTest, IcmpIsOfItsOwnFamily) {
  EXPECT_THAT(ScriptOf("block: {from: london, to: paris, protocol: icmp}"),
              AllOf(HasSubstr("IpProtocol=icmp,FromPort=-1,ToPort=-1,IpRanges=[{CidrIp=172.32.0.0/16}]\""),
                    HasSubstr("IpProtocol=icmpv6,FromPort=-1,ToPort=-1,Ipv6Ranges=[{CidrIpv6=fd20::/48}]\"")));
  EXPECT_THAT(ScriptOf("block: {from: net, to: paris, protocol: icmp}"), Not(HasSubstr("icmpv6")));
}

}  // namespace
}  // namespace faultline
