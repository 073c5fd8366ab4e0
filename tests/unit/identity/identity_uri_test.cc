#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/identity/identity.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;

TEST(IdentityUriTest, ReadsBack) {
  for (const Identity& identity : {Identity{IdentityKind::kNode, "lon-a.example"},
                                   Identity{IdentityKind::kUser, "alice"}, Identity{IdentityKind::kController, ""}}) {
    EXPECT_EQ(ParseIdentityUri(IdentityUri(identity)).value(), identity) << IdentityUri(identity);
  }
}

TEST(IdentityUriTest, WhatIsNotOursIsRefused) {
  for (const char* uri :
       {"", "faultline:", "faultline:node", "faultline:node:", "faultline:node:a b", "faultline:node:../x",
        "faultline:admin:alice", "faultline:controller:x", "FAULTLINE:node:a", "https://a.example"}) {
    EXPECT_THAT(ParseIdentityUri(uri), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_)) << uri;
  }
}

}  // namespace
}  // namespace faultline
