#include "agent/ec2/ec2_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/ec2/ec2_name.h"
#include "agent/ec2/ec2_paths.h"
#include "tests/unit/ec2/metadata_tree.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Tree = std::map<std::string, std::string>;

const std::string kFirstIdentity = "network/interfaces/macs/0a:ff:00:11:22:33/";

absl::StatusOr<Ec2Reading> Read(const Tree& tree, const Ec2Wanted& wanted = {}, const Ec2Identity& known = {}) {
  return ReadEc2Identity(wanted, known, [&tree](const std::string& path) { return TextIn(tree, path); });
}

// Until this path is asked for, which ends the look.
absl::StatusOr<Ec2Reading> ReadUntil(const std::string& end, const Tree& tree, const Ec2Wanted& wanted,
                                     const Ec2Identity& known) {
  return ReadEc2Identity(wanted, known, [&](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == end) return absl::UnavailableError(absl::StrCat(path, ": answered with 503"));
    return TextIn(tree, path);
  });
}

Tree With(const std::string& path, const std::string& text) {
  Tree tree = MetadataTree();
  tree[path] = text;
  return tree;
}

TEST(Ec2IdentityTest, AllOfIt) {
  const auto reading = Read(MetadataTree());
  ASSERT_TRUE(reading.ok()) << reading.status();
  const Ec2Identity& identity = reading->identity;
  EXPECT_EQ(identity.instance_id, "i-0123456789abcdef0");
  EXPECT_EQ(identity.instance_type, "m7g.large");
  EXPECT_EQ(identity.region, "eu-west-2");
  EXPECT_EQ(identity.availability_zone, "eu-west-2a");
  EXPECT_EQ(identity.vpc_id, "vpc-0a");
  EXPECT_EQ(identity.subnet_id, "subnet-0a");
  EXPECT_THAT(identity.vpc_cidrs, ElementsAre(*Prefix::Parse("172.32.0.0/16"), *Prefix::Parse("100.64.0.0/16"),
                                              *Prefix::Parse("fd20::/56")));
  ASSERT_THAT(identity.interfaces, SizeIs(2));
  EXPECT_EQ(identity.interfaces[0],
            (Ec2Interface{.id = "eni-0a",
                          .mac = "0a:ff:00:11:22:33",
                          .device_number = 0,
                          .subnet_id = "subnet-0a",
                          .addresses = {*IpAddress::Parse("172.32.4.2"), *IpAddress::Parse("172.32.4.3"),
                                        *IpAddress::Parse("fd20::402")}}));
  EXPECT_EQ(identity.interfaces[1].id, "eni-0b");
  EXPECT_EQ(identity.interfaces[1].device_number, 1u);
  EXPECT_THAT(identity.tags, IsEmpty());
  EXPECT_THAT(reading->missing, IsEmpty());
}

TEST(Ec2IdentityTest, TagsAreLookedAtWhenTheyAreWanted) {
  const auto reading = Read(MetadataTree(), {.tags = true, .name_tag = "Name"});
  EXPECT_THAT(reading->identity.tags, UnorderedElementsAre(Pair("Name", "web-1"), Pair("env", "prod")));
  EXPECT_EQ(*reading->name_tag, "web-1");
  EXPECT_THAT(Read(MetadataTree(), {.tags = false, .name_tag = "env"})->identity.tags, IsEmpty());

  Tree hidden = MetadataTree();
  hidden.erase("tags/instance/");
  EXPECT_THAT(Read(hidden, {.tags = true, .name_tag = ""})->missing,
              ElementsAre(HasSubstr("--instance-metadata-tags")));
}

TEST(Ec2IdentityTest, WithoutTheInstancesIdThereIsNothing) {
  Tree tree = MetadataTree();
  tree.erase("instance-id");
  EXPECT_TRUE(absl::IsNotFound(Read(tree).status()));
  for (const char* garbage : {"", "<html>", "i-01\ni-02", "I-0123", "i-01;x", "\xff"}) {
    EXPECT_TRUE(absl::IsDataLoss(Read(With("instance-id", garbage)).status())) << garbage;
  }
  EXPECT_TRUE(absl::IsDataLoss(Read(With("instance-id", std::string(65, 'i'))).status()));
}

TEST(Ec2IdentityTest, GarbageIsNamedAndLeftOut) {
  const std::pair<std::string, std::string> bad[] = {{"instance-type", "m7g large"},
                                                     {"placement/region", "<html>404</html>"},
                                                     {"placement/availability-zone", std::string(70, 'a')},
                                                     {"mac", "0a:ff:00:11:22"},
                                                     {kFirstIdentity + "device-number", "-1"},
                                                     {kFirstIdentity + "interface-id", "eni\x01"},
                                                     {kFirstIdentity + "subnet-id", "a/../b"},
                                                     {kFirstIdentity + "vpc-id", "Vpc"},
                                                     {kFirstIdentity + "local-ipv4s", "172.32.4"},
                                                     {kFirstIdentity + "ipv6s", "fd20::g"},
                                                     {kFirstIdentity + "vpc-ipv4-cidr-blocks", "172.32.0.1/16"},
                                                     {kFirstIdentity + "vpc-ipv6-cidr-blocks", "fd20::/129"},
                                                     {"network/interfaces/macs/", "../../user-data/\n"},
                                                     {"tags/instance/", "a/b\nName"},
                                                     {"tags/instance/env", std::string(257, 'a')},
                                                     {"tags/instance/Name", "a\x07"}};
  for (const auto& [path, text] : bad) {
    const auto reading = Read(With(path, text), {.tags = true, .name_tag = ""});
    ASSERT_TRUE(reading.ok()) << path;
    EXPECT_THAT(reading->missing, ElementsAre(HasSubstr(path))) << path;
  }
  EXPECT_EQ(Read(With(kFirstIdentity + "subnet-id", "a/../b"))->identity.vpc_id, "vpc-0a");
}

TEST(Ec2IdentityTest, NothingOutsideItsFolderIsEverAskedFor) {
  Tree tree = With("network/interfaces/macs/", "../../../user-data\n0a:ff:00:11:22:33/\n");
  tree["tags/instance/"] = "../../user-data\n..\n_index\n";
  std::vector<std::string> asked;
  const auto reading = ReadEc2Identity({.tags = true, .name_tag = ""}, {}, [&](const std::string& path) {
    asked.push_back(path);
    return TextIn(tree, path);
  });
  EXPECT_THAT(asked, ::testing::Each(::testing::Not(HasSubstr(".."))));
  EXPECT_THAT(reading->identity.interfaces, SizeIs(1));
}

TEST(Ec2IdentityTest, WhatIsAnsweredIsBounded) {
  Tree tree = MetadataTree();
  std::string macs, addresses;
  for (int i = 0; i < 65; ++i) absl::StrAppend(&macs, "0a:ff:00:11:22:", absl::Hex(i, absl::kZeroPad2), "/\n");
  EXPECT_THAT(Read(With("network/interfaces/macs/", macs))->identity.interfaces, IsEmpty());
  for (int i = 0; i < 129; ++i) absl::StrAppend(&addresses, "10.0.0.", i, "\n");
  const auto reading = Read(With(kFirstIdentity + "local-ipv4s", addresses));
  EXPECT_THAT(reading->identity.interfaces[0].addresses, SizeIs(1)) << "the IPv6 one";
  EXPECT_THAT(reading->missing, ElementsAre(HasSubstr("more than 128 are answered")));
}

TEST(Ec2IdentityTest, WhoDoesNotAnswerIsAskedNoMore) {
  int asked = 0;
  const auto reading = ReadEc2Identity({}, {}, [&](const std::string& path) -> absl::StatusOr<std::string> {
    if (++asked > 3) return absl::DeadlineExceededError(absl::StrCat(path, ": no answer in time"));
    return TextIn(MetadataTree(), path);
  });
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(reading->identity.region, "eu-west-2");
  EXPECT_THAT(reading->missing, ElementsAre("placement/availability-zone: no answer in time"));
}

TEST(Ec2IdentityTest, WhatIsNotHadNowStaysKnown) {
  const Ec2Identity known = Read(MetadataTree())->identity;
  Tree poor = MetadataTree();
  poor["network/interfaces/macs/"] = "0a:ff:00:11:22:33/";
  poor.erase("placement/region");
  poor.erase(kFirstIdentity + "interface-id");
  const Ec2Identity kept = Read(poor, {}, known)->identity;
  EXPECT_EQ(kept.region, "eu-west-2");
  EXPECT_THAT(kept.interfaces, ElementsAre(known.interfaces[0])) << "one that has gone is gone";
}

TEST(Ec2IdentityTest, ALookThatIsCutShortTakesNothingAway) {
  const Ec2Wanted wanted = {.tags = true, .name_tag = ""};
  const std::string second = "network/interfaces/macs/0a:ff:00:11:22:44/";
  const Ec2Identity known = Read(MetadataTree(), wanted)->identity;
  for (const std::string& end :
       {std::string("instance-type"), std::string("placement/region"), std::string("mac"),
        std::string("network/interfaces/macs/"), kFirstIdentity + "device-number", kFirstIdentity + "local-ipv4s",
        kFirstIdentity + "ipv6s", kFirstIdentity + "vpc-id", kFirstIdentity + "vpc-ipv4-cidr-blocks",
        kFirstIdentity + "vpc-ipv6-cidr-blocks", second + "device-number", second + "interface-id",
        second + "local-ipv4s", std::string("tags/instance/"), std::string("tags/instance/Name"),
        std::string("tags/instance/env")}) {
    const auto reading = ReadUntil(end, MetadataTree(), wanted, known);
    ASSERT_TRUE(reading.ok()) << end;
    EXPECT_EQ(reading->identity, known) << end;
    EXPECT_THAT(reading->missing, ::testing::Contains(HasSubstr(end))) << end;
  }
}

TEST(Ec2IdentityTest, WhatIsNewIsTakenThoughTheRestIsNotHad) {
  const Ec2Wanted wanted = {.tags = true, .name_tag = ""};
  const Ec2Identity known = Read(MetadataTree(), wanted)->identity;
  Tree tree = MetadataTree();
  tree[kFirstIdentity + "local-ipv4s"] = "172.32.4.9";
  tree.erase(kFirstIdentity + "ipv6s");
  tree["tags/instance/"] = "Name\nteam";
  tree["tags/instance/Name"] = "web-2";
  const Ec2Identity now = ReadUntil("tags/instance/team", tree, wanted, known)->identity;
  EXPECT_THAT(now.interfaces[0].addresses, ElementsAre(*IpAddress::Parse("172.32.4.9"))) << "it has no IPv6 any more";
  EXPECT_THAT(now.tags, UnorderedElementsAre(Pair("Name", "web-2"))) << "env has gone, team is not known yet";
}

TEST(Ec2IdentityTest, AnInterfaceOfWhichTheNumberIsNotKnownIsNotThePrimaryOne) {
  Tree tree = MetadataTree();
  tree.erase("network/interfaces/macs/0a:ff:00:11:22:44/device-number");
  tree[kFirstIdentity + "device-number"] = "3";
  const Ec2Identity identity = Read(tree)->identity;
  EXPECT_EQ(identity.interfaces[1].device_number, std::nullopt);
  EXPECT_EQ(identity.interfaces[0].mac, "0a:ff:00:11:22:33") << "those that are known come first";
}

TEST(Ec2IdentityTest, LabelsOfTheConfigurationAreAboveFactsAndFactsAboveTags) {
  Ec2Identity identity = Read(MetadataTree())->identity;
  identity.tags = {{"region", "mars"}, {"env", "prod"}, {"team", "a"}};
  EXPECT_THAT(LabelsOf({{"az", "mine"}, {"team", "b"}}, identity),
              UnorderedElementsAre(Pair("region", "eu-west-2"), Pair("az", "mine"), Pair("vpc", "vpc-0a"),
                                   Pair("subnet", "subnet-0a"), Pair("instance-id", "i-0123456789abcdef0"),
                                   Pair("env", "prod"), Pair("team", "b")));
  EXPECT_THAT(LabelsOf({}, Ec2Identity()), IsEmpty());
}

TEST(Ec2IdentityTest, ItsRegionIsEc2sBeforeALabelOfThatName) {
  const Ec2Identity identity = Read(MetadataTree())->identity;
  EXPECT_EQ(RegionOf({}, identity), "eu-west-2");
  EXPECT_EQ(RegionOf({{"region", "london"}}, identity), "eu-west-2");
  EXPECT_EQ(RegionOf({{"region", "eu-west-3"}, {"az", "a"}}, Ec2Identity()), "eu-west-3");
  EXPECT_EQ(RegionOf({{"az", "a"}}, Ec2Identity()), "");
}

TEST(Ec2IdentityTest, NodesAreNamedByTheInstanceOrATag) {
  Ec2Config config;
  config.name = Ec2Config::NameFrom::kInstanceId;
  Ec2Reading reading = *Read(MetadataTree(), {.tags = false, .name_tag = "Name"});
  EXPECT_EQ(NameOnEc2(config, reading)->text(), "i-0123456789abcdef0");
  config.name = Ec2Config::NameFrom::kTag;
  config.name_tag = "Name";
  EXPECT_EQ(NameOnEc2(config, reading)->text(), "web-1");
}

// Each passes, or is mended, without anybody touching the configuration: the agent is to be started again.
TEST(Ec2IdentityTest, NoNameIsNoErrorOfTheConfiguration) {
  const Ec2Config config{.name = Ec2Config::NameFrom::kTag, .name_tag = "Name"};
  const Ec2Wanted wanted = {.tags = false, .name_tag = "Name"};
  const auto status_of = [&config](const absl::StatusOr<Ec2Reading>& reading) {
    return NameOnEc2(config, *reading).status();
  };
  const absl::Status cut_short = status_of(ReadUntil("tags/instance/Name", MetadataTree(), wanted, {}));
  EXPECT_TRUE(absl::IsUnavailable(cut_short)) << cut_short;
  EXPECT_THAT(std::string(cut_short.message()), ::testing::AllOf(HasSubstr("tag:Name"), HasSubstr("503")));

  Tree tree = MetadataTree();
  tree.erase("tags/instance/Name");
  const absl::Status none = status_of(Read(tree, wanted));
  EXPECT_TRUE(absl::IsFailedPrecondition(none)) << none;
  EXPECT_THAT(std::string(none.message()), HasSubstr("or give 'name'"));

  const absl::Status no_name = status_of(Read(With("tags/instance/Name", "web 1"), wanted));
  EXPECT_TRUE(absl::IsFailedPrecondition(no_name)) << no_name;
  EXPECT_THAT(std::string(no_name.message()), ::testing::AllOf(HasSubstr("tag:Name"), HasSubstr("'web 1'")));

  const absl::Status garbage = status_of(Read(With("tags/instance/Name", "a\x07"), wanted));
  EXPECT_TRUE(absl::IsDataLoss(garbage)) << garbage;
}

}  // namespace
}  // namespace faultline
