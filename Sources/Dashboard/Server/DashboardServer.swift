import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOPosix
import NIOSSL
import RunStore

/// The dashboard: pages for people, a REST API for programs, over one results folder.
///
/// ```swift
/// let server = try DashboardServer(configuration, logger: logger)
/// try await server.run { address in print(address) }
/// ```
public struct DashboardServer: Sendable {
    /// Where it listens, and whom it lets in.
    private let configuration: DashboardConfiguration
    /// Is told what goes wrong.
    private let logger: Logger
    /// What all routes share.
    private let site: Site

    /// The longest time that a client may take to send a request.
    private static let patience = TimeAmount.seconds(15)
    /// Connections at once: four thousand listeners, and who else comes.
    private static let connections = 4500

    /// Opens the results folder and asks the program for its settings.
    ///
    /// - Throws: `ConfigurationError` when the program is none; `RunStoreError` when the history cannot be opened.
    public init(_ configuration: DashboardConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        site = try Site(configuration)
    }

    /// Serves until a SIGTERM or SIGINT arrives. Runs that it has started go on.
    ///
    /// - Parameter ready: is called with the address once it listens.
    /// - Throws: `ConfigurationError` when the port is taken, or the certificate cannot be used.
    public func run(ready: @escaping @Sendable (String) -> Void) async throws {
        let application = Application(
            router: site.router(), server: try builder(),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil,
                availableConnectionsDelegate: .maximum(Self.connections, logger: logger)),
            services: [site.services],
            onServerRunning: { [configuration] channel in
                let port = channel.localAddress?.port ?? configuration.port
                let name = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                ready("\(configuration.tls == nil ? "http" : "https")://\(name):\(port)")
            },
            logger: logger)
        do {
            try await application.runService()
        } catch let error as IOError {
            throw ConfigurationError(
                "cannot listen on \(configuration.host):\(configuration.port): \(String(cString: strerror(error.errnoCode)))"
            )
        }
    }

    /// The link that lets one browser in, once; nil when tokens come from a file.
    public func link(at address: String) -> String? {
        guard configuration.hasLink else { return nil }
        return "\(address)/login?link=\(site.sessions.link(for: Caller(name: "admin", role: .admin)))"
    }

    /// HTTP/1.1, over TLS where there is a certificate.
    private func builder() throws -> HTTPServerBuilder {
        var settings = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadline(Self.patience)], idleTimeout: nil)
        settings.httpDecoder = .init(maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 60)
        let plain = HTTPServerBuilder.http1(configuration: settings)
        guard let tls = configuration.tls else { return plain }
        do {
            var context = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
            context.minimumTLSVersion = .tlsv12
            return try .tls(plain, tlsConfiguration: context)
        } catch {
            throw ConfigurationError("cannot use the certificate '\(tls.certificate)' and its key: \(error)")
        }
    }
}
