#include <gmock/gmock.h>

#include "controller/plan/dns_name.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lines from 3 on.
Plan WithGroups(const std::string& groups) {
  return GoodPlan(absl::StrCat("name: p\ngroups:\n", groups, "steps: [{for: 1s, halves: all}]\n"));
}

TEST(GroupsTest, AreMadeOfOthers) {
  const Plan plan = WithGroups(
      "  rest: all - london - paris\n"
      "  both: london + paris\n"
      "  same: london\n"
      "  some: {all: [london, paris], except: spare, cidrs: [10.0.0.0/8]}\n"
      "  london: {nodes: [a]}\n  paris: {nodes: [b]}\n  spare: {nodes: [c]}\n");
  EXPECT_THAT(plan.groups.at("rest").all, ElementsAre("all"));
  EXPECT_THAT(plan.groups.at("rest").except, ElementsAre("london", "paris"));
  EXPECT_THAT(plan.groups.at("both").all, ElementsAre("london", "paris"));
  EXPECT_THAT(plan.groups.at("both").except, IsEmpty());
  EXPECT_THAT(plan.groups.at("same").all, ElementsAre("london"));
  EXPECT_THAT(plan.groups.at("some").except, ElementsAre("spare"));
  EXPECT_EQ(plan.groups.at("some").cidrs, Prefixes({"10.0.0.0/8"}));
  EXPECT_FALSE(plan.groups.contains("all"));
}

TEST(GroupsTest, AreDrawnFromOthers) {
  const Plan plan = WithGroups(
      "  lon: {nodes: [a]}\n  one: {one_of: lon}\n  two: {some_of: lon, count: 2}\n"
      "  few: {minority_of: all}\n  most: {majority_of: lon}\n");
  const auto expect = [&](const char* group, Draw::Amount amount, std::uint32_t count, const char* of) {
    const std::optional<Draw>& draw = plan.groups.at(group).draw;
    ASSERT_TRUE(draw.has_value()) << group;
    EXPECT_EQ(draw->amount, amount) << group;
    EXPECT_EQ(draw->count, count) << group;
    EXPECT_EQ(draw->of, of) << group;
  };
  expect("one", Draw::Amount::kCount, 1, "lon");
  expect("two", Draw::Amount::kCount, 2, "lon");
  expect("few", Draw::Amount::kMinority, 1, "all");
  expect("most", Draw::Amount::kMajority, 1, "lon");
}

TEST(GroupsTest, HaveDnsNames) {
  const Plan plan = WithGroups("  db: {dns: [db.example.com, \"cache.example.com.\"]}\n");
  ASSERT_EQ(plan.groups.at("db").dns.size(), 2u);
  EXPECT_EQ(plan.groups.at("db").dns[1].name, "cache.example.com.");
  EXPECT_EQ(plan.groups.at("db").dns[1].position, (SourcePosition{3, 30}));
}

TEST(GroupsTest, TakeAddressRangesFromThePlan) {
  const Plan plan = GoodPlan(
      "name: p\ngroups:\n  s3: {aws_ip_ranges: {file: r.json, service: S3, region: [b, a]}, cidrs: [9.0.0.0/8]}\n"
      "  any: {aws_ip_ranges: {file: r.json}}\nsteps: [{for: 1s, halves: all}]\n"
      "ip_ranges:\n  - {file: r.json, service: [S3], region: [a, b], cidrs: [3.0.0.0/9, 3.128.0.0/9]}\n"
      "  - {file: r.json, cidrs: [\"2600::/12\"]}\n");
  EXPECT_EQ(plan.groups.at("s3").cidrs, Prefixes({"3.0.0.0/8", "9.0.0.0/8"}));
  EXPECT_EQ(plan.groups.at("any").cidrs, Prefixes({"2600::/12"}));
}

TEST(GroupsTest, NameTheRangesThatAreMissing) {
  const ParsedPlan parsed = ParsePlan(
      "name: p\ngroups:\n  s3: {aws_ip_ranges: {file: r.json, service: S3}}\nsteps: [{for: 1s, halves: all}]\n"
      "ip_ranges: [{file: r.json, service: EC2, cidrs: [3.0.0.0/8]}]\n");
  ASSERT_EQ(parsed.missing_files.size(), 1u);
  EXPECT_EQ(parsed.missing_files[0].kind, MissingFile::Kind::kIpRanges);
  EXPECT_EQ(parsed.missing_files[0].name, "r.json");
  EXPECT_THAT(parsed.missing_files[0].services, ElementsAre("S3"));
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_EQ(parsed.missing_files[0].message, parsed.errors[0].message);
  EXPECT_EQ(parsed.missing_files[0].position, parsed.errors[0].position);
}

TEST(GroupsTest, ComeFromIncludedFiles) {
  const Plan plan = GoodPlan(
      "name: p\ninclude: [a.yaml, b.yaml]\ngroups: {rest: all - london}\nsteps: [{for: 1s, partition: [london, "
      "rome]}]\n"
      "included:\n"
      "  a.yaml: \"vars: {net: 172.32.0.0/16}\\ngroups:\\n  london: {cidrs: '${net}'}\\n\"\n"
      "  b.yaml: \"groups: {rome: london}\"\nset: {net: 10.0.0.0/8}\n");
  EXPECT_EQ(plan.groups.at("london").cidrs, Prefixes({"10.0.0.0/8"}));
  // Where the plan includes it: its own place is in another text.
  EXPECT_EQ(plan.groups.at("london").position, (SourcePosition{2, 11}));
  EXPECT_THAT(plan.groups.at("rome").all, ElementsAre("london"));
}

TEST(GroupsTest, OfAMissingFileAreNoSecondError) {
  EXPECT_THAT(PlanErrors("name: p\ninclude: a.yaml\ngroups: {rest: all - london}\n"
                         "steps: [{for: \"${hold}\", partition: [london, rest]}]\nset: {x: y}\n"),
              ElementsAre("2:10: 'a.yaml' is not in the plan; the command line puts it there from the file"));
}

TEST(GroupsTest, OfALongChainAreReadInTime) {
  std::string groups = "  g0: {nodes: [a]}\n";
  for (int i = 1; i < 1000; ++i) absl::StrAppend(&groups, "  g", i, ": {all: [g", i - 1, "], except: [g0]}\n");
  EXPECT_EQ(WithGroups(groups).groups.size(), 1000u);
}

TEST(DnsNameTest, AcceptsHosts) {
  for (const char* name : {"a", "db.example.com", "db.example.com.", "3com.com", "x-1.eu-west-2.rds.amazonaws.com",
                           "1a", "xn--bcher-kva.example"}) {
    EXPECT_TRUE(CheckDnsName(name).ok()) << name;
  }
  EXPECT_TRUE(CheckDnsName(std::string(63, 'a') + ".com").ok());
}

TEST(DnsNameTest, RefusesAllElse) {
  for (const std::string& name :
       {std::string(""), std::string("."), std::string("a..b"), std::string("-a.com"), std::string("a-.com"),
        std::string("a_b.com"), std::string("10.0.0.1"), std::string("fd20::1"), std::string("1.2.3"),
        std::string("a b"), std::string("http://a"), std::string("*.a.com"), std::string(64, 'a') + ".com",
        std::string(250, 'a') + ".com"}) {
    EXPECT_FALSE(CheckDnsName(name).ok()) << name;
  }
}

}  // namespace
}  // namespace faultline
