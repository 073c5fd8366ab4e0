#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/ec2/http_connection.h"
#include "agent/ec2/metadata_endpoint.h"
#include "common/clock.h"

namespace faultline {

// Asks EC2's instance metadata service, version 2: a token first (PUT /latest/api/token), which goes with every
// request, and is got anew before it ends and when it is refused. Version 1 has no tokens; it is spoken only where that
// is allowed and version 2 is not answered.
//
// One thread at a time but for Stop. As EC2's guides "Use the Instance Metadata Service" and "Retrieve instance
// metadata" have it: headers, the codes 400, 401, 403, 404 and 503, and the hop limit of the token's answer.
class MetadataClient {
 public:
  struct Options {
    // Tried in this order; the first that answers is kept.
    std::vector<MetadataEndpoint> endpoints;
    bool allow_v1 = false;
  };

  // `clock`, of which tokens' lives are told, must outlive it. Errors are the system's.
  static absl::StatusOr<std::unique_ptr<MetadataClient>> Make(const Options& options, const Clock& clock);

  // From now on what is asked takes `patience` in all; what would take longer is DEADLINE_EXCEEDED.
  void Begin(Duration patience);

  // The text at "/latest/meta-data/" + path, at most 64 KiB. Whoever is told reads what it is worth: it is any bytes.
  // NOT_FOUND: there is nothing there. FAILED_PRECONDITION: metadata is turned off, or only version 1 is answered, and
  // not allowed. UNAVAILABLE, DEADLINE_EXCEEDED: nobody answers, or not now. CANCELLED: stopped. Each
  // says in one line what to do, where there is something.
  absl::StatusOr<std::string> Get(const std::string& path);

  // Ends what is under way, and all that is yet to come. Any thread.
  void Stop();

 private:
  MetadataClient(const Options& options, const Clock& clock) : options_(options), clock_(clock) {}

  absl::Status FindToken();
  absl::Status AskForToken(HttpConnection& server, Duration patience);
  Duration Left() const;

  const Options options_;
  const Clock& clock_;
  std::vector<std::unique_ptr<HttpConnection>> servers_;
  MonotonicTime deadline_;
  // Of the servers, who gave the token, or speaks version 1.
  HttpConnection* server_ = nullptr;
  // Empty: version 1.
  std::string token_;
  MonotonicTime token_until_;
};

}  // namespace faultline
