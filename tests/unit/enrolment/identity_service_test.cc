// The service over TLS, as agents and people reach it.

#include "controller/rpc/identity_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/enroll_node.h"
#include "agent/enrolled_controller.h"
#include "common/file.h"
#include "common/identity/first_contact.h"
#include "common/identity/private_key.h"
#include "common/identity/token.h"
#include "common/rpc/enrolment_client.h"
#include "common/rpc/status.h"
#include "tests/support/matchers.h"
#include "tests/unit/enrolment/identity_book.h"
#include "tests/unit/run/fake_audit.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Duration kPatience = seconds(5);

// Everybody is this one.
class OneCallerGate : public Gate {
 public:
  absl::StatusOr<Principal> Identify(const grpc::ServerContextBase&) const override {
    const std::lock_guard lock(mutex_);
    return Principal{.name = "boss", .role = role_, .from = "here"};
  }
  void SetRole(Role role) {
    const std::lock_guard lock(mutex_);
    role_ = role;
  }

 private:
  mutable std::mutex mutex_;
  Role role_ = Role::kAdmin;
};

class IdentityServiceTest : public IdentityBook {
 protected:
  using Stub = v1::IdentityService::Stub;

  // Certificates are of now: those who verify them look at the host's clock.
  IdentityServiceTest() {
    const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    clock_.Advance(now - FakeClock::kWallStart);
    const PrivateKey key = PrivateKey::Generate().value();
    const Certificate own = authority_
                                .Issue(key.get(), {.identity = {IdentityKind::kController, ""},
                                                   .hosts = {"127.0.0.1", "localhost"},
                                                   .from = clock_.WallNow(),
                                                   .validity = hours(1)})
                                .value();
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = authority_.certificate().ToPem();
    options.pem_key_cert_pairs.push_back({key.ToPem(), absl::StrCat(own.ToPem(), authority_.certificate().ToPem())});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    target_ = absl::StrCat("127.0.0.1:", port_);
  }

  // A caller with these files, or with none.
  std::unique_ptr<Stub> Dial(const std::optional<EnrolledFiles>& files) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority_.certificate().ToPem();
    if (files) {
      options.pem_cert_chain = files->certificate;
      options.pem_private_key = files->key;
    }
    return v1::IdentityService::NewStub(grpc::CreateChannel(target_, grpc::SslCredentials(options)));
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request,
                                const std::optional<EnrolledFiles>& files = std::nullopt) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    Response response;
    const grpc::Status status = (Dial(files).get()->*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  absl::StatusOr<std::string> MakeToken() const {
    v1::CreateTokenRequest request;
    request.mutable_token()->set_kind(v1::SUBJECT_KIND_NODE);
    request.mutable_token()->set_uses(1);
    request.mutable_lifetime()->set_seconds(60);
    const auto made = Call(&Stub::CreateToken, request);
    if (!made.ok()) return made.status();
    return made->text();
  }

  OneCallerGate gate_;
  FakeAudit audit_;
  const Admission admission_{gate_, audit_};
  // Names of the nodes whose sessions were to be ended, and why.
  std::vector<std::string> ended_;
  IdentityService service_{{.admission = admission_,
                            .identities = *identities_,
                            .enrolment = enrolment_.get(),
                            .end_session = [this](const std::string& node, const absl::Status& reason) {
                              ended_.push_back(absl::StrCat(node, ": ", reason.message()));
                              return node == "lon-a";
                            }}};
  int port_ = 0;
  std::string target_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(IdentityServiceTest, ANodeEnrolsRenewsAndIsSentAway) {
  const std::string token = MakeToken().value();
  EnrolledFiles files = Enroll(target_, token, "lon-a", kPatience).value();
  EXPECT_EQ(files.identity, (Identity{IdentityKind::kNode, "lon-a"}));
  EXPECT_EQ(files.ca, authority_.certificate().ToPem());

  const PrivateKey key = PrivateKey::Parse(files.key).value();
  v1::RenewRequest renew;
  renew.set_certificate_request(Request(key));
  audit_.Take();
  EXPECT_THAT(Call(&Stub::Renew, renew, files), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("half")));
  EXPECT_THAT(audit_.Take(),
              ElementsAre("faultline:node:lon-a: renew a certificate : refused: the certificate is renewed "
                          "when half of its time is over"));
  clock_.Advance(kValidity / 2);
  audit_.SetFull(true);
  EXPECT_THAT(Call(&Stub::Renew, renew, files),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("audit log")));
  audit_.SetFull(false);
  const auto renewed = Call(&Stub::Renew, renew, files);
  ASSERT_THAT(renewed, IsOk());
  const std::string until =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(Certificate::Parse(renewed->certificates())->NotAfter()),
                       absl::UTCTimeZone());
  EXPECT_THAT(audit_.Take(), ElementsAre(absl::StrCat(
                                 "faultline:node:lon-a: renew a certificate : allowed: node 'lon-a' until ", until)));
  EXPECT_TRUE(key.Fits(Certificate::Parse(renewed->certificates()).value()));

  v1::RevokeRequest revoke;
  revoke.set_kind(v1::SUBJECT_KIND_NODE);
  revoke.set_name("lon-a");
  const auto revoked = Call(&Stub::Revoke, revoke);
  ASSERT_THAT(revoked, IsOk());
  EXPECT_EQ(revoked->certificates(), 2u);
  EXPECT_TRUE(revoked->session_ended());
  EXPECT_THAT(ended_, ElementsAre("lon-a: the node was revoked by boss"));

  EXPECT_THAT(Call(&Stub::Renew, renew, files), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("sent away")));
}

TEST_F(IdentityServiceTest, NobodyRenewsWithoutACertificate) {
  v1::RenewRequest renew;
  renew.set_certificate_request(Request());
  EXPECT_THAT(Call(&Stub::Renew, renew), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("has shown none")));
}

TEST_F(IdentityServiceTest, ATokenOfAnotherAuthorityIsNotSent) {
  const std::string token = EnrolmentToken::Make(std::string(64, 'b'))->ToText();
  EXPECT_THAT(
      Enroll(target_, token, "lon-a", kPatience),
      StatusIs(absl::StatusCode::kUnauthenticated,
               ::testing::AllOf(HasSubstr(std::string(64, 'b')), HasSubstr(authority_.certificate().Fingerprint()))));
  // Had it been sent, it would have been refused, and that recorded.
  EXPECT_THAT(audit_.Take(), ElementsAre());
  EXPECT_THAT(Enroll(target_, MakeToken().value(), "lon-a", kPatience), IsOk());
}

TEST_F(IdentityServiceTest, AHostThatTheCertificateDoesNotNameIsRefused) {
  const std::string other = absl::StrCat("127.0.0.2:", port_);
  // The same server, as 127/8 is all this host, if it listened there.
  EXPECT_THAT(FindAuthority(other, authority_.certificate().Fingerprint(), seconds(2)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(other)));
  EXPECT_THAT(
      FindAuthority(absl::StrCat("[::ffff:127.0.0.1]:", port_), authority_.certificate().Fingerprint(), kPatience),
      StatusIs(absl::StatusCode::kUnauthenticated,
               HasSubstr("is not for '::ffff:127.0.0.1' but for 127.0.0.1, localhost")));
  EXPECT_THAT(FindAuthority(absl::StrCat("localhost:", port_), authority_.certificate().Fingerprint(), kPatience),
              IsOk());
}

TEST_F(IdentityServiceTest, MalformedTargetsAreNamed) {
  for (const char* target : {"", "here", "here:", ":7400", "unix:/run/x"}) {
    EXPECT_THAT(FindAuthority(target, std::string(64, 'b'), kPatience),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")))
        << target;
  }
}

TEST_F(IdentityServiceTest, OnlyAnAdminChangesWhoIsKnown) {
  const std::string token = MakeToken().value();
  gate_.SetRole(Role::kOperator);
  EXPECT_THAT(MakeToken(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("create a token")));
  EXPECT_THAT(Call(&Stub::ListTokens, v1::ListTokensRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
  v1::RemoveTokenRequest remove;
  remove.set_id(token);
  EXPECT_THAT(Call(&Stub::RemoveToken, remove), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
  v1::RevokeRequest revoke;
  revoke.set_kind(v1::SUBJECT_KIND_NODE);
  revoke.set_name("lon-a");
  EXPECT_THAT(Call(&Stub::Revoke, revoke), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
  v1::SetRoleRequest role;
  role.set_user("alice");
  role.set_role("admin");
  EXPECT_THAT(Call(&Stub::SetRole, role), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
  EXPECT_THAT(ended_, ElementsAre());
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
  EXPECT_THAT(Call(&Stub::ListIdentities, v1::ListIdentitiesRequest()), IsOk());

  gate_.SetRole(Role::kAdmin);
  EXPECT_EQ(Call(&Stub::ListTokens, v1::ListTokensRequest())->tokens_size(), 1);
  EXPECT_THAT(Call(&Stub::RemoveToken, remove), IsOk());
  EXPECT_EQ(Call(&Stub::ListTokens, v1::ListTokensRequest())->tokens_size(), 0);
  EXPECT_THAT(Call(&Stub::SetRole, role), IsOk());
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kAdmin);
  EXPECT_EQ(Call(&Stub::ListIdentities, v1::ListIdentitiesRequest())->identities(0).role(), "admin");
}

TEST_F(IdentityServiceTest, WhatChangesWhoIsKnownIsInTheAuditLog) {
  const std::string token = MakeToken().value();
  const std::string id = EnrolmentToken::Parse(token)->id;
  ASSERT_THAT(Enroll(target_, token, "lon-a", kPatience), IsOk());
  v1::SetRoleRequest role;
  role.set_user("alice");
  role.set_role("operator");
  ASSERT_THAT(Call(&Stub::SetRole, role), IsOk());
  v1::RevokeRequest revoke;
  revoke.set_kind(v1::SUBJECT_KIND_NODE);
  revoke.set_name("lon-a");
  ASSERT_THAT(Call(&Stub::Revoke, revoke), IsOk());
  EXPECT_THAT(audit_.Take(),
              ElementsAre(absl::StrCat("boss: create a token : allowed: ", id, ": node any, uses 1"),
                          absl::StrCat("faultline:node:lon-a: enroll : allowed: token ", id, ": node 'lon-a'"),
                          "boss: change a user's role : allowed: alice is operator",
                          "boss: revoke certificates : allowed: faultline:node:lon-a"));
}

TEST_F(IdentityServiceTest, WithoutAnAuditLogNobodyComesInAndAnybodyIsSentAway) {
  const std::string token = MakeToken().value();
  audit_.SetFull(true);
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the audit log cannot be written"));
  EXPECT_THAT(MakeToken(), refused);
  EXPECT_EQ(Call(&Stub::ListTokens, v1::ListTokensRequest())->tokens_size(), 1);
  EXPECT_THAT(Enroll(target_, token, "lon-a", kPatience), refused);
  EXPECT_EQ(Call(&Stub::ListTokens, v1::ListTokensRequest())->tokens_size(), 1);
  EXPECT_FALSE(identities_->IsEnrolled({IdentityKind::kNode, "lon-a"}));
  v1::SetRoleRequest role;
  role.set_user("alice");
  role.set_role("admin");
  EXPECT_THAT(Call(&Stub::SetRole, role), refused);
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
  v1::RevokeRequest revoke;
  revoke.set_kind(v1::SUBJECT_KIND_NODE);
  revoke.set_name("lon-a");
  EXPECT_THAT(Call(&Stub::Revoke, revoke), IsOk());
}

TEST_F(IdentityServiceTest, AReplacingUsersTokenIsRecordedWithAllThatItGives) {
  v1::CreateTokenRequest request;
  request.mutable_token()->set_kind(v1::SUBJECT_KIND_USER);
  request.mutable_token()->set_names("alice");
  request.mutable_token()->set_role("operator");
  request.mutable_token()->set_uses(2);
  request.mutable_token()->set_replaces(true);
  request.mutable_lifetime()->set_seconds(60);
  const std::string token = Call(&Stub::CreateToken, request)->text();
  const std::string id = EnrolmentToken::Parse(token)->id;
  ASSERT_THAT(Enroll(target_, token, "", kPatience), IsOk());
  EXPECT_THAT(
      audit_.Take(),
      ElementsAre(
          absl::StrCat("boss: create a token : allowed: ", id, ": user 'alice', role operator, uses 2, --replace"),
          absl::StrCat("faultline:user:alice: enroll : allowed: token ", id, ": user 'alice', --replace")));
}

TEST_F(IdentityServiceTest, SomeOfThoseWhoAreNotEnrolledAreInTheAuditLog) {
  const EnrolmentToken token = EnrolmentToken::Make(authority_.certificate().Fingerprint()).value();
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Enroll(target_, token.ToText(), "lon-a", kPatience).ok());
  const std::vector<std::string> lines = audit_.Take();
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_THAT(lines[0],
              ::testing::AllOf(HasSubstr("enroll : refused: token " + token.id + " 'lon-a': "),
                               HasSubstr("not one of this controller"), ::testing::Not(HasSubstr(token.secret))));
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(Enroll(target_, token.ToText(), "lon-a", kPatience).ok());
  // One that is left, and one each six seconds.
  EXPECT_LE(audit_.Take().size(), 10u);
}

TEST_F(IdentityServiceTest, ASessionEndsThoughTheRevocationCannotBeStored) {
  {
    const std::lock_guard lock(database_->mutex());
    ASSERT_THAT(Statement(*database_, "DROP TABLE revocations").Run(), IsOk());
  }
  v1::RevokeRequest revoke;
  revoke.set_kind(v1::SUBJECT_KIND_NODE);
  revoke.set_name("lon-a");
  EXPECT_THAT(Call(&Stub::Revoke, revoke), StatusIs(absl::StatusCode::kInternal, HasSubstr("try again")));
  EXPECT_THAT(ended_, ElementsAre("lon-a: the node was revoked by boss"));
  EXPECT_THAT(audit_.Take(), ElementsAre("boss: revoke certificates : allowed: faultline:node:lon-a",
                                         HasSubstr("failed: faultline:node:lon-a: ")));
}

TEST_F(IdentityServiceTest, ANodeWhoseFilesCannotBeWrittenSpendsNoToken) {
  const std::string token = MakeToken().value();
  EnrollOptions options{
      .controller = target_,
      .token = token,
      .name = "lon-a",
      .tls = {.ca = folder_ + "/node/ca.crt", .certificate = "/proc/self/node.crt", .key = folder_ + "/node/node.key"}};
  EXPECT_THAT(EnrollNode(options), ::testing::Not(IsOk()));
  EXPECT_EQ(Call(&Stub::ListTokens, v1::ListTokensRequest())->tokens_size(), 1);
  EXPECT_FALSE(std::filesystem::exists(options.tls.key));
  options.tls.certificate = folder_ + "/node/node.crt";
  ASSERT_THAT(EnrollNode(options), IsOk());
  const PrivateKey key = PrivateKey::Parse(ReadFile(options.tls.key).value()).value();
  EXPECT_TRUE(key.Fits(Certificate::Parse(ReadFile(options.tls.certificate).value()).value()));
  EXPECT_EQ(ReadFile(options.tls.ca).value(), authority_.certificate().ToPem());
}

TEST_F(IdentityServiceTest, AnEnrolledNodeRemembersItsController) {
  const EnrollOptions options{.controller = target_,
                              .token = MakeToken().value(),
                              .name = "lon-a",
                              .tls = {.ca = folder_ + "/node/ca.crt",
                                      .certificate = folder_ + "/node/node.crt",
                                      .key = folder_ + "/node/node.key"}};
  EXPECT_THAT(EnrolledController(options.tls), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no 'controller'")));
  ASSERT_THAT(EnrollNode(options), IsOk());
  EXPECT_EQ(EnrolledController(options.tls).value(), target_);
}

TEST(ReadTokenTest, IsTheFirstLine) {
  std::istringstream in(" fl1.a \nmore\n");
  EXPECT_EQ(ReadToken(in).value(), "fl1.a");
  std::istringstream nothing("\nfl1.a\n");
  EXPECT_THAT(ReadToken(nothing), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("standard input")));
}

TEST_F(IdentityServiceTest, WithoutAnAuthorityNobodyIsEnrolled) {
  IdentityService service({.admission = admission_,
                           .identities = *identities_,
                           .enrolment = nullptr,
                           .end_session = [](const std::string&, const absl::Status&) { return false; }});
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::IdentityService::NewStub(server->InProcessChannel({}));
  grpc::ClientContext context;
  v1::EnrollResponse response;
  EXPECT_THAT(FromGrpc(stub->Enroll(&context, v1::EnrollRequest(), &response)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("makes no certificates")));
}

}  // namespace
}  // namespace faultline
