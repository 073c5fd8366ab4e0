#include "agent/ec2/ec2_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  Ec2Config config;
  std::string errors;
};

Read ReadText(const std::string& text) {
  Read read;
  TextErrors errors;
  if (const DocumentPtr root = ParseDocument(text, errors)) ReadEc2(*root, read.config, errors);
  read.errors = JoinErrors(errors.Take(), "c.yaml");
  return read;
}

TEST(Ec2ConfigTest, ByDefaultEc2IsAskedWhereItIs) {
  const Ec2Config config;
  EXPECT_TRUE(config.ask);
  EXPECT_FALSE(config.anywhere || config.allow_v1 || config.tags);
  EXPECT_EQ(config.name, Ec2Config::NameFrom::kHost);
  EXPECT_THAT(config.endpoints, ElementsAre(MetadataEndpoint::Ipv4(), MetadataEndpoint::Ipv6()));
}

TEST(Ec2ConfigTest, ReadsEveryKey) {
  const Read read =
      ReadText("{metadata: auto, endpoint: 'http://[::1]:8080', imdsv1: allow, tags: true, name: tag:Name}");
  EXPECT_EQ(read.errors, "");
  EXPECT_TRUE(read.config.ask && read.config.anywhere && read.config.allow_v1 && read.config.tags);
  EXPECT_THAT(read.config.endpoints, ElementsAre(*MetadataEndpoint::Parse("http://[::1]:8080")));
  EXPECT_EQ(read.config.name, Ec2Config::NameFrom::kTag);
  EXPECT_EQ(read.config.name_tag, "Name");
  EXPECT_FALSE(ReadText("{metadata: off}").config.ask);
  EXPECT_THAT(ReadText("{endpoint: ipv6}").config.endpoints, ElementsAre(MetadataEndpoint::Ipv6()));
  EXPECT_FALSE(ReadText("{endpoint: auto}").config.anywhere);
  EXPECT_EQ(ReadText("{name: instance-id}").config.name, Ec2Config::NameFrom::kInstanceId);
  EXPECT_EQ(ReadText("{name: hostname}").config.name, Ec2Config::NameFrom::kHost);
}

TEST(Ec2ConfigTest, ErrorsNameThePlaceAndTheMend) {
  EXPECT_THAT(ReadText("{metdata: off}").errors, HasSubstr("did you mean 'metadata'"));
  EXPECT_THAT(ReadText("{imdsv1: alow}").errors, HasSubstr("did you mean 'allow'"));
  EXPECT_THAT(ReadText("{endpoint: ipv7}").errors, HasSubstr("c.yaml:1:12: 'endpoint': 'ipv7' is no address"));
  EXPECT_THAT(ReadText("{name: web-1}").errors, HasSubstr("'name' of the configuration itself"));
  EXPECT_THAT(ReadText("{name: 'tag:a/b'}").errors, HasSubstr("instance-id or tag:KEY"));
  EXPECT_THAT(ReadText("{name: instance-id, metadata: off}").errors, HasSubstr("'metadata' is off"));
}

TEST(MetadataEndpointTest, IsAnAddressAndNoName) {
  EXPECT_EQ(MetadataEndpoint::Parse("http://10.0.0.1")->ToString(), "http://10.0.0.1:80");
  EXPECT_EQ(MetadataEndpoint::Parse("http://[fd00:ec2::254]")->ToString(), "http://[fd00:ec2::254]:80");
  EXPECT_EQ(MetadataEndpoint::Parse("http://[fd00:ec2::254]:81")->Host(), "[fd00:ec2::254]:81");
  for (const char* bad : {"", "10.0.0.1", "https://10.0.0.1", "http://localhost", "http://fd00::1", "http://10.0.0.1:0",
                          "http://10.0.0.1:70000", "http://10.0.0.1/latest", "http://a@10.0.0.1"}) {
    EXPECT_FALSE(MetadataEndpoint::Parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace faultline
