#include "agent/ec2/metadata_client.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Of one request to a service that is a hop away.
constexpr Duration kPatience = seconds(1);
// The longest that there is is six hours.
constexpr Duration kTokenLife = hours(1);
constexpr Duration kRenewBefore = minutes(1);
constexpr std::size_t kLongestToken = 1024;

bool IsToken(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

absl::Status Judge(int code, const std::string& what) {
  switch (code) {
    case 200:
      return absl::OkStatus();
    case 401:
      return absl::UnauthenticatedError(absl::StrCat(what, ": each token is refused (401)"));
    case 403:
      return absl::FailedPreconditionError(
          absl::StrCat(what,
                       ": instance metadata is turned off (403); turn it on (aws ec2 "
                       "modify-instance-metadata-options --http-endpoint enabled) or give ec2: {metadata: off}"));
    case 404:
      return absl::NotFoundError(absl::StrCat(what, ": there is none (404)"));
    default:
      return absl::UnavailableError(absl::StrCat(what, ": answered with ", code));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetadataClient>> MetadataClient::Make(const Options& options, const Clock& clock) {
  std::unique_ptr<MetadataClient> client(new MetadataClient(options, clock));
  for (const MetadataEndpoint& endpoint : options.endpoints) {
    FAULTLINE_ASSIGN_OR_RETURN(std::unique_ptr<HttpConnection> server, HttpConnection::Make(endpoint));
    client->servers_.push_back(std::move(server));
  }
  return client;
}

void MetadataClient::Begin(Duration patience) { deadline_ = clock_.Now() + patience; }

Duration MetadataClient::Left() const { return std::max(deadline_ - clock_.Now(), Duration(0)); }

absl::StatusOr<std::string> MetadataClient::Get(const std::string& path) {
  const HttpRequest::Method get = HttpRequest::Method::kGet;
  for (int tries = 0; tries < 2; ++tries) {
    FAULTLINE_RETURN_IF_ERROR(FindToken());
    HttpRequest request{.method = get, .path = "/latest/meta-data/" + path, .header = {}};
    if (!token_.empty()) request.header = {"X-aws-ec2-metadata-token", token_};
    absl::StatusOr<HttpAnswer> answer = server_->Send(request, std::min(kPatience, Left()));
    if (!answer.ok()) {
      server_ = nullptr;
      return WithContext(answer.status(), path);
    }
    if (answer->code != 401) {
      FAULTLINE_RETURN_IF_ERROR(Judge(answer->code, path));
      return std::move(answer->body);
    }
    server_ = nullptr;
  }
  return Judge(401, path);
}

absl::Status MetadataClient::FindToken() {
  if (server_ != nullptr && (token_.empty() || clock_.Now() < token_until_)) return absl::OkStatus();
  server_ = nullptr;
  absl::Status first;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const absl::Status status =
        AskForToken(*servers_[i], std::min<Duration>(kPatience, Left() / static_cast<int>(servers_.size() - i)));
    if (status.ok()) {
      server_ = servers_[i].get();
      return status;
    }
    // Who is there but does not give one has more to say than who is not there.
    if (first.ok() || (absl::IsUnavailable(first) && !absl::IsUnavailable(status))) first = status;
    if (absl::IsCancelled(status)) return status;
  }
  return first;
}

absl::Status MetadataClient::AskForToken(HttpConnection& server, Duration patience) {
  const MonotonicTime asked = clock_.Now();
  const std::string life = std::to_string(std::chrono::duration_cast<seconds>(kTokenLife).count());
  const absl::StatusOr<HttpAnswer> answer = server.Send({.method = HttpRequest::Method::kPut,
                                                         .path = "/latest/api/token",
                                                         .header = {"X-aws-ec2-metadata-token-ttl-seconds", life}},
                                                        patience);
  const bool lost = !answer.ok() && server.was_connected();
  const bool unknown = answer.ok() && (answer->code == 404 || answer->code == 405 || answer->code == 501);
  if ((lost || unknown) && options_.allow_v1) {
    token_.clear();
    return absl::OkStatus();
  }
  if (lost) {
    return absl::DeadlineExceededError(
        absl::StrCat(answer.status().message(),
                     ", though it can be connected to; in a container the token's answer is lost "
                     "when the hop limit is 1: raise it (aws ec2 modify-instance-metadata-options "
                     "--http-put-response-hop-limit 2)"));
  }
  if (unknown) {
    return absl::FailedPreconditionError(
        absl::StrCat("instance metadata gives no token (", answer->code,
                     "): it speaks version 1 alone, which ec2: {imdsv1: allow} allows"));
  }
  FAULTLINE_RETURN_IF_ERROR(answer.status());
  FAULTLINE_RETURN_IF_ERROR(Judge(answer->code, "a token"));
  const absl::string_view token = absl::StripAsciiWhitespace(answer->body);
  if (!IsToken(token)) return absl::DataLossError("instance metadata answered with something that is no token");
  token_ = std::string(token);
  token_until_ = asked + kTokenLife - kRenewBefore;
  return absl::OkStatus();
}

void MetadataClient::Stop() {
  for (const auto& server : servers_) server->Stop();
}

}  // namespace faultline
