import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import RunQueue
import RunStore
import ServiceLifecycle

/// What all pages and the API share: the results folder, the queue, who is in.
struct Site: Sendable {
    /// Whom it lets in, and what runs are started with.
    let configuration: DashboardConfiguration
    /// The results folder.
    let archive: Archive
    let sessions = Sessions()
    /// Events of runs.
    let hub: EventHub
    /// Runs that were asked for here.
    let queue: RunQueue
    /// Names of plug-ins, for the form.
    let catalog: SettingsCatalog
    /// Counts requests, for `/metrics`.
    let counters = RequestCounters()
    /// When the dashboard was started.
    let start = Date.now

    /// Opens the results folder, and asks the program for its settings.
    init(_ configuration: DashboardConfiguration) throws {
        self.configuration = configuration
        catalog = try SettingsCatalog(askedOf: configuration.queue.program)
        archive = Archive(results: configuration.queue.results, pool: NIOThreadPool.singleton)
        hub = EventHub(archive)
        queue = try RunQueue(configuration.queue)
    }

    /// What runs beside the server until it is asked to end: the queue. Runs go on then.
    var services: some Service { QueueService(queue: queue) }

    /// All routes.
    func router() -> Router<PageContext> {
        let router = Router(context: PageContext.self, options: [.autoGenerateHeadEndpoints])
        let methods = MethodTable()
        router.add(middleware: CountingMiddleware(counters: counters))
        router.add(middleware: AccessMiddleware(configuration, sessions, methods))
        router.get("/healthz") { _, _ in
            // Alive is whoever can read the history.
            _ = try await archive.look { try $0.filterChoices() }
            return try JSON.response(["status": "ok"])
        }
        addAssets(to: router)
        addDoor(to: router)
        addPages(to: router)
        addForms(to: router)
        addRunRoutes(to: router)
        addActionRoutes(to: router)
        addModelRoutes(to: router)
        addServiceRoutes(to: router)
        methods.fill(router)
        return router
    }

    // MARK: Assets

    /// The style and the script: parts of this program, so that nothing is loaded from elsewhere.
    private func addAssets(to router: Router<PageContext>) {
        @Sendable func asset(_ bytes: [UInt8], _ type: String) -> Response {
            Response(
                status: .ok, headers: [.contentType: type, .cacheControl: "max-age=300"],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        router.get("/assets/dashboard.css") { _, _ in asset(PackageResources.dashboard_css, "text/css; charset=utf-8") }
        router.get("/assets/dashboard.js") { _, _ in
            asset(PackageResources.dashboard_js, "text/javascript; charset=utf-8")
        }
    }

    // MARK: Coming in

    /// The pages by which one comes in and leaves.
    private func addDoor(to router: Router<PageContext>) {
        router.get("/login") { request, _ in
            let query = Query(request)
            let destination = try Self.path(try query.text("to"))
            guard let code = try query.text("link") else { return Layout.response(Layout.login(to: destination)) }
            guard let caller = sessions.use(link: code) else {
                return Layout.response(
                    Layout.login(to: destination, trouble: "This link has been used, or is too old."),
                    status: .unauthorized)
            }
            return enter(caller, to: destination)
        }
        router.post("/login") { request, context in
            let form = try await Form(request, context)
            let destination = try Self.path(form["to"])
            guard let caller = configuration.tokens.caller(with: form["token"] ?? "") else {
                // Guesses are made slow.
                try await Task.sleep(for: .milliseconds(500))
                return Layout.response(
                    Layout.login(to: destination, trouble: "This token opens nothing."), status: .unauthorized)
            }
            return enter(caller, to: destination)
        }
        router.post("/logout") { request, _ in
            if let cookie = request.cookies[AccessMiddleware.cookie]?.value { sessions.end(cookie) }
            var response = Response(status: .seeOther, headers: [.location: "/login"])
            response.setCookie(Cookie(name: AccessMiddleware.cookie, value: "", maxAge: 0, path: "/", httpOnly: true))
            return response
        }
    }

    /// Lets a browser in.
    ///
    /// - Parameters:
    ///   - caller: who it is.
    ///   - destination: where to go then.
    private func enter(_ caller: Caller, to destination: String) -> Response {
        var response = Response(status: .seeOther, headers: [.location: destination])
        response.setCookie(
            Cookie(
                name: AccessMiddleware.cookie, value: sessions.begin(caller), maxAge: Int(Sessions.duration), path: "/",
                secure: configuration.tls != nil, httpOnly: true, sameSite: .strict))
        return response
    }

    /// A path of this dashboard, not the address of another.
    private static func path(_ text: String?) throws(APIError) -> String {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"),
            !text.unicodeScalars.contains(where: { $0.value < 0x21 })
        else { return "/" }
        return text
    }
}

/// The queue as a service that ends with the server.
private struct QueueService: Service {
    let queue: RunQueue

    func run() async throws {
        await cancelWhenGracefulShutdown { await queue.run() }
    }
}
