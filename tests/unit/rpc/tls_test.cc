#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/certificate.h"
#include "tests/support/command.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using testing::MakeCertificate;
using testing::RunCommand;
using testing::StatusIs;

// Without what OpenChannel checks before it dials.
std::shared_ptr<grpc::Channel> Dial(const TestServer& server, const TlsFiles& files) {
  const auto read = [](const std::string& path) { return path.empty() ? "" : *ReadFile(path); };
  return grpc::CreateChannel(server.address(), grpc::SslCredentials({.pem_root_certs = read(files.ca),
                                                                     .pem_private_key = read(files.key),
                                                                     .pem_cert_chain = read(files.certificate)}));
}

// What the openssl program makes of the server: its exit code and all that it says.
testing::CommandResult Shake(const TestServer& server, const std::string& version) {
  return RunCommand({"openssl", "s_client", "-connect", server.address(), version, "-alpn", "h2", "-CAfile",
                     server.folder() + "/ca.crt", "-verify_return_error"});
}

TEST(TlsTest, UserIsKnownByTheCertificateAndItsRoleByTheDirectory) {
  TestServer server;
  server.directory().Give("alice", Role::kOperator);
  EXPECT_EQ(*AskWhoIAm(server.address(), server.Client("faultline:user:alice")), "alice operator");
  EXPECT_EQ(*AskWhoIAm(server.address(), server.Client("faultline:user:bob")), "bob viewer");
}

TEST(TlsTest, NoProxyIsAsked) {
  TestServer server;
  for (const char* name : {"grpc_proxy", "https_proxy", "http_proxy"}) {
    setenv(name, absl::StrCat("http://127.0.0.1:", FreePort()).c_str(), 1);
  }
  const auto answer = AskWhoIAm(server.address(), server.Client("faultline:user:alice"));
  for (const char* name : {"grpc_proxy", "https_proxy", "http_proxy"}) unsetenv(name);
  EXPECT_THAT(answer, testing::IsOk());
}

TEST(TlsTest, OnlyUsersMayCall) {
  TestServer server;
  EXPECT_THAT(AskWhoIAm(server.address(), server.Client("faultline:node:lon-1")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("of node 'lon-1', and only a user's may call")));
  EXPECT_THAT(AskWhoIAm(server.address(), server.Client("faultline:controller")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("of a controller")));
  EXPECT_THAT(AskWhoIAm(server.address(), server.Client(testing::TestCertificate{.common_name = "alice"})),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("no alternative name")));
}

TEST(TlsTest, WithoutACertificateNobodyIsKnown) {
  TestServer server;
  EXPECT_THAT(AskWhoIAm(Dial(server, {.ca = server.folder() + "/ca.crt"})),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("there is no client certificate")));
}

TEST(TlsTest, CertificatesOfAnotherCaAreRefusedByEitherSide) {
  TestServer server;
  TlsFiles files = server.Client(testing::TestCertificate{.uri = "faultline:user:alice", .ca = "other"}).tls;
  EXPECT_THAT(AskWhoIAm(Dial(server, files)), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("verify failed")));
  files.ca = server.folder() + "/ca.crt";
  EXPECT_THAT(AskWhoIAm(Dial(server, files)), StatusIs(absl::StatusCode::kUnavailable, ::testing::_));
}

TEST(TlsTest, CertificatesThatHaveEndedAreRefusedByEitherSide) {
  TestServer server;
  const Security ended = server.Client(testing::TestCertificate{.uri = "faultline:user:alice", .ended = true});
  EXPECT_THAT(AskWhoIAm(server.address(), ended), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                           HasSubstr("client.crt has ended at 2024-01-02 00:00 UTC")));
  EXPECT_THAT(AskWhoIAm(Dial(server, ended.tls)), StatusIs(absl::StatusCode::kUnavailable, ::testing::_));
}

TEST(TlsTest, CertificateForServersIsNoneForClients) {
  TestServer server;
  const TlsFiles files =
      server.Client(testing::TestCertificate{.uri = "faultline:user:alice", .hosts = {"127.0.0.1"}}).tls;
  EXPECT_THAT(AskWhoIAm(Dial(server, files)), StatusIs(absl::StatusCode::kUnavailable, ::testing::_));
}

TEST(TlsTest, ServerHasToHaveTheNameThatIsDialled) {
  TestServer server({.host = "127.0.0.9"});
  EXPECT_THAT(AskWhoIAm(server.address(), server.Client("faultline:user:alice")),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("127.0.0.1 is not in peer certificate")));
}

TEST(TlsTest, WhoHasBeenSentAwayIsRefusedThoughTheCertificateHolds) {
  TestServer server;
  const Security alice = server.Client("faultline:user:alice");
  EXPECT_EQ(*AskWhoIAm(server.address(), alice), "alice viewer");
  server.directory().Revoke("faultline:user:alice");
  EXPECT_THAT(AskWhoIAm(server.address(), alice),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("of user 'alice' has been revoked")));
}

TEST(TlsTest, ServerAgreesOnNothingButTls13) {
  TestServer server;
  const testing::CommandResult old = Shake(server, "-tls1_2");
  EXPECT_NE(old.code, 0);
  EXPECT_THAT(old.output, HasSubstr("New, (NONE), Cipher is (NONE)"));
  const testing::CommandResult now = Shake(server, "-tls1_3");
  EXPECT_EQ(now.code, 0) << now.complaint;
  EXPECT_THAT(now.output, HasSubstr("New, TLSv1.3, Cipher is TLS_"));
}

// Takes one connection at port argv[1] with TLS of version argv[2] alone, certificate argv[3] and key argv[4], and
// prints the version agreed on.
constexpr char kOneVersionServer[] = R"(
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = context.maximum_version = ssl.TLSVersion[sys.argv[2]]
context.load_cert_chain(sys.argv[3], sys.argv[4])
context.set_alpn_protocols(["h2"])
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    server.settimeout(20)
    with server.accept()[0] as connection:
        connection.settimeout(20)
        print(context.wrap_socket(connection, server_side=True).version())
)";

TEST(TlsTest, ClientAgreesOnNothingButTls13) {
  TestServer server;
  const Security alice = server.Client("faultline:user:alice");
  const TlsFiles files = MakeCertificate(server.folder(), "peer", {.hosts = {"127.0.0.1"}});
  for (const bool old : {true, false}) {
    const std::string port = absl::StrCat(FreePort());
    testing::CommandResult peer;
    std::jthread serving([&] {
      peer = RunCommand(
          {"python3", "-c", kOneVersionServer, port, old ? "TLSv1_2" : "TLSv1_3", files.certificate, files.key});
    });
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    const auto channel = OpenChannel(absl::StrCat("127.0.0.1:", port), alice, arguments);
    ASSERT_THAT(channel, testing::IsOk());
    // It is no gRPC server: the connection comes to nothing in the end either way.
    EXPECT_FALSE(AwaitConnected(*channel, std::chrono::seconds(5)).ok());
    serving.join();
    EXPECT_EQ(peer.output, old ? "" : "TLSv1.3\n");
    EXPECT_THAT(peer.complaint, HasSubstr(old ? "NO_SHARED_CIPHER" : ""));
  }
}

TEST(TlsTest, RenewedFilesAreTakenUpWithoutARestart) {
  TestServer server;
  const auto serial = [&server] {
    const auto shown = Certificate::Parse(Shake(server, "-tls1_3").output);
    return shown.ok() ? shown->Serial() : "";
  };
  const std::string before = serial();
  ASSERT_NE(before, "");
  MakeCertificate(server.folder(), "server", {.uri = "faultline:controller", .hosts = {"127.0.0.1"}});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string after = before;
  // While one file is new and the other old there may be no handshake.
  while ((after == before || after.empty()) && std::chrono::steady_clock::now() < until) after = serial();
  EXPECT_NE(after, before);
  EXPECT_EQ(*AskWhoIAm(server.address(), server.Client("faultline:user:alice")), "alice viewer");
}

TEST(TlsTest, CommonNamesSpeakOnlyWhenTheControllerIsToldSo) {
  TestServer server({.gate = {.names = CertificateNames::kCommonName}});
  server.directory().Give("alice", Role::kOperator);
  const auto ask = [&server](const testing::TestCertificate& certificate) {
    return AskWhoIAm(server.address(), server.Client(certificate));
  };
  EXPECT_EQ(*ask({.common_name = "alice"}), "alice operator");
  // Faultline's own URI is what counts when there is one.
  EXPECT_EQ(*ask({.uri = "faultline:user:bob", .common_name = "alice"}), "bob viewer");
  EXPECT_THAT(ask({.uri = "faultline:node:lon-1", .common_name = "alice"}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node 'lon-1'")));
  EXPECT_THAT(ask({.common_name = "no name"}), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("names nobody")));
}

TEST(TlsTest, PlaintextIsNotAnsweredUnlessTheControllerIsToldSo) {
  TestServer secure;
  EXPECT_THAT(AskWhoIAm(secure.address(), {.insecure = true}), StatusIs(absl::StatusCode::kUnavailable, ::testing::_));
  TestServer insecure({.gate = {.insecure = true}});
  EXPECT_EQ(*AskWhoIAm(insecure.address(), {.insecure = true}), "anonymous admin");
}

TEST(TlsTest, WhoIsSilentOrSaysHalfAHelloIsHungUpOn) {
  TestServer server({.handshake_patience = std::chrono::milliseconds(300)});
  const UniqueFd silent = ConnectTo(server.port());
  EXPECT_TRUE(IsHungUpOn(silent));
  const UniqueFd half = ConnectTo(server.port());
  // The head of a TLS record of 512 bytes with a ClientHello, of which no more comes.
  constexpr char kHead[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, static_cast<char>(0xfc)};
  ASSERT_EQ(send(half.get(), kHead, sizeof(kHead), MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(kHead)));
  EXPECT_TRUE(IsHungUpOn(half));
}

}  // namespace
}  // namespace faultline
