#include "common/identity/trial_contact.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MakeCertificate;
using testing::TestCertificate;

constexpr std::chrono::seconds kPatience(60);

TrialContact Try(const TestServer& server, const TlsFiles& files, const std::string& host = "127.0.0.1") {
  const UniqueFd connection = ConnectTo(server.port());
  fcntl(connection.get(), F_SETFL, O_NONBLOCK);
  return TryContact(connection.get(), host, files, kPatience);
}

TlsFiles OfNode(const TestServer& server) { return server.Client("faultline:node:lon-1").tls; }

TEST(TrialContactTest, BothBelieveEachOther) {
  const TestServer server;
  const TrialContact found = Try(server, OfNode(server));
  EXPECT_EQ(found.trouble, TlsTrouble::kNone) << found.detail;
  EXPECT_EQ(found.detail, "");
}

TEST(TrialContactTest, OwnFilesThatAreNotThereAreNamed) {
  const TestServer server;
  TlsFiles files = OfNode(server);
  files.key = server.folder() + "/missing.key";
  const TrialContact found = Try(server, files);
  EXPECT_EQ(found.trouble, TlsTrouble::kFiles);
  EXPECT_THAT(found.detail, HasSubstr("missing.key"));
}

TEST(TrialContactTest, ControllerOfAnotherAuthorityIsAStranger) {
  const TestServer server;
  const TlsFiles files = MakeCertificate(server.folder(), "other", {.uri = "faultline:node:lon-1", .ca = "other-ca"});
  const TrialContact found = Try(server, files);
  EXPECT_EQ(found.trouble, TlsTrouble::kStranger);
  EXPECT_THAT(found.detail, AllOf(HasSubstr("does not hold against"), HasSubstr("other-ca.crt")));
}

TEST(TrialContactTest, OtherNamesAreTold) {
  const TestServer server;
  const TrialContact found = Try(server, OfNode(server), "c.example");
  EXPECT_EQ(found.trouble, TlsTrouble::kWrongName);
  EXPECT_EQ(found.detail, "the controller's certificate is not for 'c.example' but for 127.0.0.1");
}

TEST(TrialContactTest, ControllerThatRefusesThisSidesCertificateIsHeard) {
  const TestServer server;
  TlsFiles files = MakeCertificate(server.folder(), "other", {.uri = "faultline:node:lon-1", .ca = "other-ca"});
  // This side believes both, the controller but its own.
  const std::string both = *ReadFile(files.ca) + *ReadFile(server.folder() + "/ca.crt");
  files.ca = server.folder() + "/both.crt";
  ASSERT_TRUE(WriteFile(files.ca, both).ok());
  const TrialContact found = Try(server, files);
  EXPECT_EQ(found.trouble, TlsTrouble::kRefused);
  EXPECT_THAT(found.detail, HasSubstr("refuses this node's certificate"));
}

TEST(TrialContactTest, WhatSpeaksNoTlsIsSaidTo) {
  const TestServer secure;
  const TestServer plain({.gate = {.insecure = true}});
  const TrialContact found = Try(plain, OfNode(secure));
  EXPECT_EQ(found.trouble, TlsTrouble::kNoTls);
  EXPECT_THAT(found.detail, HasSubstr("is no TLS 1.3 server"));
}

}  // namespace
}  // namespace faultline
