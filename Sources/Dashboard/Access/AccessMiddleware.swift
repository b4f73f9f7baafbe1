import Foundation
import HTTPTypes
import Hummingbird

/// Lets in who has a token or a browser's cookie, from an address that does not ask too often, under a name that is ours; and
/// puts the lines into every response that keep browsers from doing what pages elsewhere would have them do.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = PageContext

    /// Names, tokens and limits.
    let configuration: DashboardConfiguration
    /// Browsers that have come in.
    let sessions: Sessions
    /// Which methods each path has.
    private let methods: MethodTable
    /// All requests, by address.
    let requests: RateLimit
    /// Requests with a wrong token, by address: a thousandth of all, so a tenth a second and ten at once unless told otherwise.
    private let failures: RateLimit

    init(_ configuration: DashboardConfiguration, _ sessions: Sessions, _ methods: MethodTable) {
        self.methods = methods
        self.configuration = configuration
        self.sessions = sessions
        requests = RateLimit(
            rate: configuration.requestsPerSecond, burst: configuration.requestsPerSecond * 10)
        failures = RateLimit(
            rate: configuration.requestsPerSecond / 1000, burst: configuration.requestsPerSecond / 10)
    }

    /// Name of the browsers' cookie.
    static let cookie = "fedmpi_session"
    /// Paths that are open to everybody who reaches the port: whether it lives, and how one comes in.
    private static let open: Set<String> = ["/healthz", "/login", "/assets/dashboard.css", "/assets/dashboard.js"]

    /// Answers a request that is let through, or says why it is not.
    ///
    /// The checks come in the order of their cost, the limit first: who asks too often costs nothing but that.
    func handle(
        _ request: Request, context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            var context = context
            if let seconds = requests.wait(for: context.address) { throw Self.tooMany(seconds) }
            try checkName(request)
            context.caller = try caller(of: request, context)
            let allowed = methods.methods(of: request.uri.path)
            guard allowed.isEmpty || allowed.contains(request.method) else {
                throw APIError(
                    .methodNotAllowed, "there is no such method here",
                    headers: [.allow: allowed.map(\.rawValue).joined(separator: ", ")])
            }
            response = try await next(request, context)
        } catch {
            let error = APIError(error)
            if error.status == .unauthorized, request.wantsPage, request.method == .get {
                response = Response(
                    status: .seeOther, headers: [.location: "/login?to=" + Self.encoded(request.uri.description)])
            } else {
                response = try error.response(from: request, context: context)
            }
        }
        Self.protect(&response)
        return response
    }

    /// Refuses a request under a name that nobody has given this dashboard.
    private func checkName(_ request: Request) throws(APIError) {
        var name = (request.head.authority ?? "").lowercased()
        if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") { name = String(name[..<colon]) }
        name = name.trimmingCharacters(in: ["[", "]"])
        let known = ["localhost", "127.0.0.1", "::1", configuration.host] + configuration.names
        guard known.contains(name) else {
            throw APIError(.misdirectedRequest, "this dashboard is not called so: start it with --name to allow it")
        }
    }

    /// Who calls; nil on an open path.
    private func caller(of request: Request, _ context: PageContext) throws(APIError) -> Caller? {
        let isOpen = Self.open.contains(request.uri.path)
        if let line = request.headers[.authorization] {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            if words.count == 2, words[0].lowercased() == "bearer",
                let caller = configuration.tokens.caller(with: words[1])
            {
                return caller
            }
            if isOpen { return nil }
            if let seconds = failures.wait(for: context.address) { throw Self.tooMany(seconds) }
            throw APIError(.unauthorized, "this token opens nothing", headers: [.wwwAuthenticate: "Bearer"])
        }
        if let cookie = request.cookies[Self.cookie]?.value, let caller = sessions.caller(with: cookie) {
            try Self.checkOrigin(request)
            return caller
        }
        if isOpen { return nil }
        throw APIError(.unauthorized, "a token is needed", headers: [.wwwAuthenticate: "Bearer"])
    }

    /// Refuses what another page has the browser send along with our cookie (cross-site request forgery). Browsers say where a
    /// request comes from (https://fetch.spec.whatwg.org/#origin-header, https://w3c.github.io/webappsec-fetch-metadata/).
    private static func checkOrigin(_ request: Request) throws(APIError) {
        guard request.method != .get, request.method != .head else { return }
        let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!]
        let isOurs: Bool
        if let origin = request.headers[.origin] {
            let authority = request.head.authority ?? ""
            isOurs = origin == "http://\(authority)" || origin == "https://\(authority)"
        } else {
            isOurs = site == "same-origin"
        }
        guard isOurs, site == nil || site == "same-origin" else {
            throw APIError(.forbidden, "this request comes from another page")
        }
    }

    /// The answer to one request too many.
    ///
    /// - Parameter seconds: until the next one is taken.
    private static func tooMany(_ seconds: Double) -> APIError {
        APIError(
            .tooManyRequests, "too many requests: wait \(Words.duration(seconds))",
            headers: [.retryAfter: "\(Int(seconds.rounded(.up)))"])
    }

    /// A path and a query as the value of another query.
    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "/-_."))) ?? "/"
    }

    /// Nothing from elsewhere is loaded, nobody else may frame our pages, and what looks like a script is none.
    private static func protect(_ response: inout Response) {
        let policy = HTTPField.Name("Content-Security-Policy")!
        response.headers[policy] =
            response.headers[policy]
            ?? "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        response.headers[HTTPField.Name("X-Content-Type-Options")!] = "nosniff"
        // Not `no-referrer`: forms would then be sent with the origin `null`.
        response.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        response.headers[HTTPField.Name("Cross-Origin-Resource-Policy")!] = "same-origin"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }
}

extension PageContext {
    /// Whether the caller has a role, or a higher one: for what a page offers. What is done asks by ``require(_:)``.
    func may(_ role: Role) -> Bool { (caller?.role ?? .read) >= role }

    /// Refuses a caller whose role is lower.
    func require(_ role: Role) throws(APIError) {
        let caller = try known()
        guard caller.role >= role else {
            throw APIError(.forbidden, "'\(caller.name)' may only \(caller.role.rawValue); this takes \(role.rawValue)")
        }
    }
}
