#include "controller/cli/aws_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

// As AWS publishes it, shortened.
constexpr absl::string_view kRanges = R"({
  "syncToken": "1763700000", "createDate": "2026-11-21-05-20-00",
  "prefixes": [
    {"ip_prefix": "3.5.244.0/23", "region": "eu-west-2", "service": "S3", "network_border_group": "eu-west-2"},
    {"ip_prefix": "3.5.246.0/23", "region": "eu-west-2", "service": "S3", "network_border_group": "eu-west-2"},
    {"ip_prefix": "52.94.15.0/24", "region": "eu-west-2", "service": "DYNAMODB", "network_border_group": "eu-west-2"},
    {"ip_prefix": "52.94.17.0/24", "region": "eu-west-3", "service": "DYNAMODB", "network_border_group": "eu-west-3"},
    {"ip_prefix": "3.5.244.0/23", "region": "eu-west-2", "service": "AMAZON", "network_border_group": "eu-west-2"}],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2a05:d07a:8000::/40", "region": "eu-west-2", "service": "S3", "network_border_group": "x"}]
})";

PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(Prefix::Parse(text).value());
  return PrefixSet(prefixes);
}

std::string ErrorOf(absl::string_view json, const AwsRangesQuery& query = {}) {
  return std::string(ReadAwsRanges(json, query).status().message());
}

TEST(AwsRangesTest, GivesAServiceOfARegionMerged) {
  EXPECT_EQ(*ReadAwsRanges(kRanges, {{"S3"}, {"eu-west-2"}}), Set({"3.5.244.0/22", "2a05:d07a:8000::/40"}));
  EXPECT_EQ(*ReadAwsRanges(kRanges, {{"DYNAMODB"}, {}}), Set({"52.94.15.0/24", "52.94.17.0/24"}));
  EXPECT_EQ(*ReadAwsRanges(kRanges, {{"DYNAMODB", "S3"}, {"eu-west-3"}}), Set({"52.94.17.0/24"}));
  EXPECT_EQ(ReadAwsRanges(kRanges, {})->prefixes().size(), 4u);
}

TEST(AwsRangesTest, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf(kRanges, {{"DYNAMDB"}, {}}), "it has no service 'DYNAMDB'; did you mean 'DYNAMODB'?");
  EXPECT_EQ(ErrorOf(kRanges, {{}, {"eu-west-4"}}), "it has no region 'eu-west-4'; did you mean 'eu-west-2'?");
  EXPECT_EQ(ErrorOf(kRanges, {{"S3"}, {"eu-west-3"}}), "it has no prefix of service S3 in region eu-west-3");
  EXPECT_EQ(ErrorOf("{}"), "it has no 'prefixes'; expected AWS's ip-ranges.json");
  EXPECT_EQ(ErrorOf(R"({"prefixes": []})"), "it has no prefix at all");
  EXPECT_THAT(ErrorOf("<html>"), HasSubstr("it is no JSON object: "));
  EXPECT_THAT(ErrorOf("[1]"), HasSubstr("it is no JSON object: "));
  EXPECT_EQ(ErrorOf(R"({"prefixes": [{"ip_prefix": "3.0.0.1/8", "region": "a", "service": "b"}]})"),
            "an entry of 'ip_prefix': CIDR '3.0.0.1/8' has host bits set; did you mean 3.0.0.0/8 or 3.0.0.1/32?");
  EXPECT_THAT(ErrorOf(R"({"prefixes": [1, "x", {}]})"), HasSubstr("an entry of 'ip_prefix': '' is not a CIDR"));
}

}  // namespace
}  // namespace faultline
