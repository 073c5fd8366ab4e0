#include "controller/cli/identity_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::HasSubstr;

TEST(IdentityTextTest, TokensAreListedWithWhatTheyAdmit) {
  EXPECT_THAT(RenderTokens({}), HasSubstr("faultline token create"));
  v1::ListTokensResponse response;
  v1::Token& nodes = *response.add_tokens();
  nodes.set_id("aaaa");
  nodes.set_kind(v1::SUBJECT_KIND_NODE);
  nodes.set_uses(6);
  nodes.mutable_ends()->set_seconds(1'767'225'600);
  nodes.set_made_by("root");
  v1::Token& user = *response.add_tokens();
  user.set_id("bbbb");
  user.set_kind(v1::SUBJECT_KIND_USER);
  user.set_names("alice");
  user.set_role("operator");
  user.set_uses(1);
  user.set_replaces(true);
  user.set_made_by("a\x1b[31m");
  const std::string text = RenderTokens(response);
  EXPECT_THAT(text, ::testing::ContainsRegex("aaaa +node \\* +6 +no +2026-01-01 00:00:00 UTC +root\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("bbbb +operator alice +1 +yes "));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("\x1b"))) << "what others wrote must not steer the terminal";
}

TEST(IdentityTextTest, IdentitiesAreListedWithHowTheyStand) {
  EXPECT_EQ(RenderIdentities({}, v1::SUBJECT_KIND_USER), "no user yet\n");
  EXPECT_EQ(RenderIdentities({}, v1::SUBJECT_KIND_NODE), "no node was enrolled yet\n");
  v1::ListIdentitiesResponse response;
  v1::KnownIdentity& good = *response.add_identities();
  good.set_name("lon-1");
  good.set_certificates(2);
  good.mutable_ends()->set_seconds(1'767'225'600);
  v1::KnownIdentity& gone = *response.add_identities();
  gone.set_name("lon-2");
  gone.mutable_revoked()->set_seconds(1'767'225'601);
  response.add_identities()->set_name("lon-3");
  EXPECT_EQ(RenderIdentities(response, v1::SUBJECT_KIND_NODE),
            "NODE   CERTIFICATE\n"
            "lon-1  until 2026-01-01 00:00:00 UTC (2)\n"
            "lon-2  revoked 2026-01-01 00:00:01 UTC\n"
            "lon-3  none\n");
}

TEST(IdentityTextTest, ARevocationSaysWhatItDid) {
  v1::RevokeResponse response;
  EXPECT_THAT(RenderRevoked("lon-1", response), HasSubstr("lon-1: revoked; no certificate that this controller made"));
  response.set_certificates(1);
  response.set_session_ended(true);
  EXPECT_EQ(RenderRevoked("lon-1", response), "lon-1: revoked; 1 certificate is refused, and its session was ended\n");
}

}  // namespace
}  // namespace faultline
