#include "server/api/routes.hpp"

#include <iterator>

namespace relay::server::api {

http::Router make_router(const Services& services) {
    std::vector<Route> all;
    for (auto routes :
         {session_routes(services),
          outbox_routes(services),
          inbox_list_routes(services),
          inbox_routes(services),
          chunk_routes(services),
          office_routes(services),
          audit_routes(services)}) {
        all.insert(all.end(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
    }
    return http::Router(std::move(all));
}

http::Handler bind_handler(const Services& services, Answer (*handler)(const Services&, Request&)) {
    return [&services, handler](Request& request) { return handler(services, request); };
}

StillAllowed still_allowed(const Services& services, const Request& request) {
    return [&services, &request] { return services.access.still_allowed(*request.peer, *request.caller); };
}

mailbox::Party party_of(const Request& request) {
    return {request.caller->user_id, request.caller->office, request.caller->certificate_sha256};
}

accounts::PeerCertificate certificate_of(const Request& request) {
    const auto* peer = request.peer;
    return {peer->certificate_sha256, peer->user_id, [peer] { return peer->certificate_der(); }};
}

protocol::BundleId bundle_id_of(const Request& request) {
    return protocol::BundleId::parse(request.captures.front()).value();
}

} // namespace relay::server::api
