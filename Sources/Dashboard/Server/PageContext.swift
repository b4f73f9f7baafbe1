import HTTPTypes
import Hummingbird
import NIOCore

/// What is known of a request beside its head and body.
struct PageContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The caller's address, without its port.
    let address: String
    /// Who calls; nil until the caller is known.
    var caller: Caller?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }

    /// The most bytes of a body: settings are some kilobytes.
    var maxUploadSize: Int { 256 * 1024 }

    /// The caller, where the route lets nobody in without.
    func known() throws(APIError) -> Caller {
        guard let caller else { throw APIError(.unauthorized, "a token is needed") }
        return caller
    }
}
