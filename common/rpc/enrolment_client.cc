#include "common/rpc/enrolment_client.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/identity/certificate_request.h"
#include "common/identity/first_contact.h"
#include "common/identity/private_key.h"
#include "common/identity/token.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "faultline/v1/identity.grpc.pb.h"

namespace faultline {
namespace {

absl::StatusOr<std::string> AskForCertificates(const std::string& target, const Certificate& authority,
                                               const v1::EnrollRequest& request, Duration patience) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = authority.ToPem();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel(target, grpc::SslCredentials(options), arguments);
  const auto stub = v1::IdentityService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(patience));
  v1::EnrollResponse response;
  const grpc::Status status = stub->Enroll(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.certificates();
}

// Whether what came is what was asked for.
absl::StatusOr<Identity> CheckAnswer(const std::string& certificates, const PrivateKey& key, const std::string& name) {
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate own, Certificate::Parse(certificates));
  FAULTLINE_ASSIGN_OR_RETURN(Identity identity, own.SubjectIdentity());
  if (!key.Fits(own) || (!name.empty() && identity.name != name)) {
    return absl::InternalError("the controller answered with a certificate that is not the one asked for");
  }
  return identity;
}

}  // namespace

absl::StatusOr<EnrolledFiles> Enroll(const std::string& target, absl::string_view token_text, const std::string& name,
                                     Duration patience) {
  FAULTLINE_ASSIGN_OR_RETURN(const EnrolmentToken token, EnrolmentToken::Parse(token_text));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate authority, FindAuthority(target, token.authority, patience));
  v1::EnrollRequest request;
  request.set_token(token.ToText());
  request.set_name(name);
  FAULTLINE_ASSIGN_OR_RETURN(*request.mutable_certificate_request(), CertificateRequest::Make(key));
  FAULTLINE_ASSIGN_OR_RETURN(std::string certificates, AskForCertificates(target, authority, request, patience));
  FAULTLINE_ASSIGN_OR_RETURN(Identity identity, CheckAnswer(certificates, key, name));
  return EnrolledFiles{.identity = std::move(identity),
                       .ca = authority.ToPem(),
                       .certificate = std::move(certificates),
                       .key = key.ToPem()};
}

}  // namespace faultline
