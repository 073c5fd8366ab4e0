#include "controller/rpc/identity_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/rpc/peer_certificate.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;
using std::chrono::hours;
using ::testing::HasSubstr;

v1::CreateTokenRequest GoodRequest() {
  v1::CreateTokenRequest request;
  request.mutable_token()->set_kind(v1::SUBJECT_KIND_USER);
  request.mutable_token()->set_names("alice");
  request.mutable_token()->set_role("operator");
  request.mutable_token()->set_uses(3);
  request.mutable_token()->set_replaces(true);
  request.mutable_lifetime()->set_seconds(60);
  return request;
}

TEST(IdentityMessagesTest, TermsComeThrough) {
  const TokenTerms terms = DecodeTerms(GoodRequest()).value();
  EXPECT_EQ(terms.kind, IdentityKind::kUser);
  EXPECT_EQ(terms.names, "alice");
  EXPECT_EQ(terms.role, Role::kOperator);
  EXPECT_EQ(terms.uses, 3);
  EXPECT_TRUE(terms.replaces);
  EXPECT_EQ(terms.lifetime, std::chrono::minutes(1));
}

TEST(IdentityMessagesTest, TermsThatAreNoneAreRefused) {
  v1::CreateTokenRequest no_kind = GoodRequest();
  no_kind.mutable_token()->clear_kind();
  EXPECT_THAT(DecodeTerms(no_kind), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("neither")));
  v1::CreateTokenRequest no_role = GoodRequest();
  no_role.mutable_token()->set_role("king");
  EXPECT_THAT(DecodeTerms(no_role), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'king' is no role")));
  v1::CreateTokenRequest long_time = GoodRequest();
  long_time.mutable_lifetime()->set_seconds(1L << 60);
  EXPECT_FALSE(DecodeTerms(long_time).ok());
  v1::CreateTokenRequest many = GoodRequest();
  many.mutable_token()->set_uses(0xffffffff);
  EXPECT_EQ(DecodeTerms(many)->uses, Enrolment::kMostUses + 1);
}

TEST(IdentityMessagesTest, ANodesTokenNeedsNoRole) {
  v1::CreateTokenRequest request = GoodRequest();
  request.mutable_token()->set_kind(v1::SUBJECT_KIND_NODE);
  request.mutable_token()->clear_role();
  EXPECT_EQ(DecodeTerms(request)->kind, IdentityKind::kNode);
}

TEST(IdentityMessagesTest, RecordsAreToldWithoutTheirSecrets) {
  const TokenRecord record{.id = "t1",
                           .digest = "digest",
                           .kind = IdentityKind::kUser,
                           .names = "alice",
                           .role = Role::kAdmin,
                           .uses = 2,
                           .replaces = true,
                           .ends = WallTime(hours(1)),
                           .made_by = "root"};
  const v1::Token token = EncodeToken(record);
  EXPECT_EQ(token.role(), "admin");
  EXPECT_EQ(token.ends().seconds(), 3600);
  EXPECT_THAT(token.SerializeAsString(), ::testing::Not(HasSubstr("digest")));
  const v1::KnownIdentity known =
      EncodeKnown({.identity = {IdentityKind::kNode, "a"}, .certificates = 1, .ends = WallTime(hours(1))});
  EXPECT_EQ(known.role(), "");
  EXPECT_EQ(known.ends().seconds(), 3600);
  EXPECT_FALSE(known.has_revoked());
}

TEST(IdentityMessagesTest, NamesAreChecked) {
  EXPECT_THAT(DecodeIdentity(v1::SUBJECT_KIND_NODE, "a b"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("node name")));
  v1::SetRoleRequest request;
  request.set_role("viewer");
  EXPECT_THAT(DecodeUser(request), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("user name")));
}

TEST(PeerCertificateTest, AnAddressIsThePeerWithoutItsPort) {
  EXPECT_EQ(AddressOf("ipv4:198.18.0.2:41522"), "ipv4:198.18.0.2");
  EXPECT_EQ(AddressOf("ipv6:%5B::1%5D:41522"), "ipv6:%5B::1%5D");
  EXPECT_EQ(AddressOf("unix:"), "unix:");
}

}  // namespace
}  // namespace faultline
