#include "common/rpc/credentials.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/local_pass.h"
#include "common/status.h"

namespace faultline {
namespace {

// Less than whoever dials waits.
constexpr int kNameQueryMilliseconds = 1000;

// gRPC 1.51 can set no least version from C++. Left with TLS 1.2 suites that take a key shared beforehand, which there
// is none of, only TLS 1.3 can be agreed on. Before gRPC reads it, with the first credentials.
void RequireTls13() {
  static const int once = setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", /*overwrite=*/1);
  static_cast<void>(once);
}

absl::Status CheckTarget(absl::string_view target) {
  if (IsLocal(target)) return absl::OkStatus();
  const std::size_t colon = target.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(target.substr(colon + 1), &port) ||
      port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", target, "' is not an address; write HOST:PORT, [IPV6]:PORT or unix:/PATH"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TlsMaterial> ReadFiles(absl::string_view target, const Security& security) {
  RequireTls13();
  absl::StatusOr<TlsMaterial> material = ReadTlsFiles(security.tls, SystemClock().WallNow());
  if (material.ok()) return material;
  return absl::FailedPreconditionError(
      absl::StrCat("TLS at ", target, ": ", material.status().message(), "; ", security.mend));
}

}  // namespace

bool IsLocal(absl::string_view target) { return absl::StartsWith(target, "unix:"); }

absl::Status CheckSecurity(absl::string_view target, const Security& security) {
  FAULTLINE_RETURN_IF_ERROR(CheckTarget(target));
  if (IsLocal(target) || security.insecure) return absl::OkStatus();
  return ReadFiles(target, security).status();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const std::string& target, const Security& security,
                                                           const grpc::ChannelArguments& options) {
  FAULTLINE_RETURN_IF_ERROR(CheckTarget(target));
  grpc::ChannelArguments arguments = options;
  // gRPC asks for either kind of address by itself. When a name is in the hosts file for one, and no server answers for
  // the other, what is known has to do.
  arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, kNameQueryMilliseconds);
  // The way to the controller is never cut; through a proxy it would be another.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (IsLocal(target)) {
    return grpc::experimental::CreateCustomChannelWithInterceptors(target, grpc::InsecureChannelCredentials(),
                                                                   arguments, PassCarriers(target));
  }
  if (security.insecure) return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  FAULTLINE_ASSIGN_OR_RETURN(TlsMaterial material, ReadFiles(target, security));
  grpc::SslCredentialsOptions files;
  files.pem_root_certs = std::move(material.ca);
  files.pem_cert_chain = std::move(material.certificate);
  files.pem_private_key = std::move(material.key);
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(files), arguments);
}

absl::Status AwaitConnected(const std::shared_ptr<grpc::Channel>& channel, Duration patience) {
  const auto until = [](Duration wait) {
    return std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(wait);
  };
  if (channel->WaitForConnected(until(patience))) return absl::OkStatus();
  // Why, only a call is told.
  constexpr Duration kMoment = std::chrono::milliseconds(200);
  grpc::ClientContext context;
  context.set_deadline(until(kMoment));
  grpc::GenericStub stub(channel);
  const grpc::ByteBuffer nothing(nullptr, 0);
  grpc::ByteBuffer answer;
  std::promise<grpc::Status> promise;
  stub.UnaryCall(&context, "/faultline.v1.ControlService/Nothing", grpc::StubOptions(), &nothing, &answer,
                 [&promise](grpc::Status status) { promise.set_value(std::move(status)); });
  const grpc::Status status = promise.get_future().get();
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return absl::UnavailableError("does not answer");
  // "failed to connect to all addresses; last error: UNKNOWN: ipv4:...".
  const std::string message = status.error_message();
  absl::string_view reason = message;
  constexpr absl::string_view kBefore = "last error: ";
  if (const std::size_t found = reason.find(kBefore); found != reason.npos) {
    reason.remove_prefix(found + kBefore.size());
  }
  return absl::UnavailableError(absl::StrCat("does not answer: ", reason));
}

}  // namespace faultline
