#include "common/accounts.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(AccountsTest, UsersAndGroupsAreReadAsTheHostHasThem) {
  const Accounts accounts("root:x:0:0:root:/root:/bin/bash\nfaultline:x:990:989::/var/lib/faultline:/bin/false\n",
                          "root:x:0:\nfaultline-operator:x:988:alice,bob\n");
  EXPECT_EQ(accounts.UserName(990), "faultline");
  EXPECT_EQ(accounts.FindUser("faultline"), (Accounts::User{.uid = 990, .gid = 989}));
  EXPECT_EQ(accounts.GroupName(988), "faultline-operator");
  EXPECT_EQ(accounts.UserName(988), std::nullopt);
  EXPECT_EQ(accounts.GroupName(989), std::nullopt);
  EXPECT_EQ(accounts.FindUser("alice"), std::nullopt);
}

TEST(AccountsTest, FirstOfSeveralCounts) {
  const Accounts accounts("root:x:0:0::/:\ntoor:x:0:7::/:\nroot:x:5:5::/:\n", "a:x:1:\nb:x:1:\n");
  EXPECT_EQ(accounts.UserName(0), "root");
  EXPECT_EQ(accounts.FindUser("root"), (Accounts::User{.uid = 0, .gid = 0}));
  EXPECT_EQ(accounts.FindUser("toor"), (Accounts::User{.uid = 0, .gid = 7}));
  EXPECT_EQ(accounts.GroupName(1), "a");
}

TEST(AccountsTest, LinesThatAreNotAsTheyShouldBeArePassedOver) {
  const Accounts accounts(
      "\n# comment\n+::::::\n:x:1:1::/:\nshort:x:2:2::/\nlong:x:3:3::/::\nsigned:x:-4:4::/:\nblank:x: 5:5::/:\n"
      "large:x:4294967296:6::/:\nnobody-at-all:x:4294967295:7::/:\nletters:x:8a:8::/:\nwhole:x:9:9::/:",
      "+:::\n:x:1:\nshort:x:2\nlong:x:3::\nletters:x:a:\nwhole:x:9:");
  for (const char* name : {"+", "", "short", "long", "signed", "blank", "large", "nobody-at-all", "letters"}) {
    EXPECT_EQ(accounts.FindUser(name), std::nullopt) << name;
  }
  for (unsigned id = 0; id < 9; ++id) {
    EXPECT_EQ(accounts.UserName(id), std::nullopt) << id;
    EXPECT_EQ(accounts.GroupName(id), std::nullopt) << id;
  }
  EXPECT_EQ(accounts.UserName(9), "whole");
  EXPECT_EQ(accounts.GroupName(9), "whole");
}

TEST(AccountsTest, ThisHostHasRoot) {
  const Accounts accounts = Accounts::OfThisHost();
  EXPECT_EQ(accounts.UserName(0), "root");
  EXPECT_EQ(accounts.GroupName(0), "root");
}

}  // namespace
}  // namespace faultline
