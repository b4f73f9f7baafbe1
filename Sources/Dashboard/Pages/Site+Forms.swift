import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import RunQueue
import RunStore

/// The forms of the pages: what the API does, for browsers, which are led to a page afterwards.
extension Site {
    /// Adds the routes. A form that was taken leads to a page, so that reloading that page does not send the form again; one that was
    /// not is shown again with what was filled in.
    func addForms(to router: Router<PageContext>) {
        router.get("/start") { _, context in
            try context.require(.run)
            let page = StartPage(plugins: catalog.plugins, queue: await queueTable(context))
            return Layout.response(
                Layout.page("Start a run", at: "/start", events: "/v1/events", for: context.caller, page.html))
        }
        router.post("/start") { request, context in try await start(try await Form(request, context), context) }
        router.post("/queue/:id/stop") { _, context in
            try context.require(.run)
            let id = try context.number("id")
            _ = try await queuing { try await queue.stop(id) }
            return Self.lead(to: "/")
        }
        router.post("/queue/:id/again") { _, context in
            try context.require(.run)
            let id = try context.number("id")
            let queued = try await queuing { try await queue.goOn(withSweep: id, by: try context.known().name) }
            return Self.lead(to: "/queue/\(queued.id)")
        }
        router.get("/queue/:id") { _, context in
            let queued = try await queued(try context.number("id"))
            let page = try await queuePage(queued, context)
            return Layout.response(
                Layout.page("Request \(queued.id)", at: "/", events: "/v1/events", for: context.caller, page))
        }
        router.post("/runs/:id/stop") { _, context in
            try context.require(.run)
            let id = try context.number("id")
            _ = try await stop(id)
            return Self.lead(to: "/runs/\(id)")
        }
        router.post("/runs/:id/resume") { request, context in
            try context.require(.run)
            let form = try await Form(request, context)
            let wanted = ResumeRequest(rounds: try form.number("rounds"), ranks: try form.number("ranks"))
            let queued = try await resume(try context.number("id"), wanted, by: try context.known())
            return Self.lead(to: "/queue/\(queued.id)")
        }
        router.post("/runs/:id/delete") { request, context in
            try context.require(.admin)
            let form = try await Form(request, context)
            try await delete(try context.number("id"), confirming: form["confirm"] ?? "")
            return Self.lead(to: "/")
        }
        router.post("/runs/:id/labels") { request, context in
            try context.require(.run)
            let form = try await Form(request, context)
            let run = try await archive.run(try context.number("id"))
            let tags = (form["tags"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            let labels = RunLabels(tags: tags, note: form["note"])
            try await archive.look { try $0.label(run, labels) }
            return Self.lead(to: "/runs/\(run.id ?? 0)")
        }
        router.post("/models/:name/alias") { request, context in
            try context.require(.admin)
            let form = try await Form(request, context)
            let name = try context.modelName()
            let alias = try ModelReference.checked(alias: form["alias"] ?? "")
            guard let version = try form.number("version") else { throw APIError(.badRequest, "'version' is missing") }
            let note = form["note"].flatMap { $0.isEmpty ? nil : String($0.prefix(500)) }
            _ = try await move(alias, of: name, AliasRequest(version: version, note: note))
            return Self.lead(to: "/models#\(name)")
        }
    }

    /// Sends a browser to a page after its form has been taken, so that reloading does not send the form again.
    private static func lead(to path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path])
    }

    // MARK: Starting

    /// Enters what the form asks for into the queue.
    ///
    /// - Parameters:
    ///   - form: settings under their names behind ``StartPage/prefix``; empty ones keep their defaults.
    ///   - context: who asks.
    private func start(_ form: Form, _ context: PageContext) async throws -> Response {
        try context.require(.run)
        var settings: [String: RequestedValue] = [:]
        for (name, value) in form.all where name.hasPrefix(StartPage.prefix) && !value.isEmpty {
            settings[String(name.dropFirst(StartPage.prefix.count))] = .text(value)
        }
        do {
            guard let ranks = try form.number("ranks") else { throw ConfigurationError("how many ranks?") }
            let name = form["name"].flatMap { $0.isEmpty ? nil : $0 }
            let grid = try StartPage.grid(form[StartPage.varied] ?? "")
            let who = try context.known().name
            var request =
                grid.isEmpty
                ? RunRequest(settings: settings, ranks: ranks, name: name, by: who)
                : RunRequest(sweeping: grid, base: settings, ranks: ranks, name: name, by: who)
            request.note = form["note"] ?? ""
            let queued = try await queue.submit(request)
            return Self.lead(to: "/queue/\(queued.id)")
        } catch {
            // What was filled in stays: one field is wrong, and not all of them.
            let error = APIError(error)
            let page = StartPage(
                plugins: catalog.plugins, given: form.all, trouble: error.message, queue: await queueTable(context))
            return Layout.response(
                Layout.page("Start a run", at: "/start", for: context.caller, page.html), status: error.status)
        }
    }

    // MARK: The queue

    /// Requests that are not over, and why the queue is in trouble; nothing when there are none.
    func queueTable(_ context: PageContext) async -> HTML {
        let open = await queue.openRuns
        let trouble: HTML? = await queue.trouble.map { "<p class=\"notice bad\">The queue: \($0)</p>" }
        guard !open.isEmpty else { return "<div id=\"queue\" data-live>\(trouble)</div>" }
        var rows = HTML.none
        for queued in open {
            let place = await queue.position(of: queued.id)
            let stop: HTML? =
                context.may(.run)
                ? """
                <form method="post" action="/queue/\(queued.id)/stop" data-ask="\(queued.state == .waiting ? "Take \(queued.run) out of the queue?" : "Stop \(queued.run)? It saves a checkpoint.")">\
                <button class="danger" type="submit">\(queued.state == .waiting ? "Cancel" : "Stop")</button></form>
                """ : nil
            rows += """
                <tr><td class="n"><a href="/queue/\(queued.id)">\(queued.id)</a></td><td class="wrap">\(queued.run)</td>\
                <td><span class="status \(queued.state.rawValue)">\(queued.state.rawValue)\(place.map { ", place \($0)" })</span></td>\
                <td class="n">\(queued.cores)</td><td>\(queued.submitter)</td><td class="low">\(Words.date(queued.submittedAt))</td><td>\(stop)</td></tr>
                """
        }
        let head: HTML = """
            <th class="n">request</th><th>run</th><th>state</th><th class="n">cores</th><th>by</th><th class="low">since (UTC)</th><th></th>
            """
        let taken = await queue.coresTaken
        return """
            <div id="queue" data-live>\(trouble)<h2>Started from here</h2><p class="quiet">\(taken) of \(queue.configuration.cores) cores are taken. Runs go on when the dashboard ends.</p>\
            \(Layout.table("Requests", head: head, rows))</div>
            """
    }

    /// The ways from a sweep's request to its runs; and one to go on with it, when it is over and somebody may.
    private func sweepLinks(_ queued: QueuedRun, _ context: PageContext) -> HTML {
        let name = AccessMiddleware.encoded(queued.run)
        let again: HTML? =
            queued.state.isOver && queued.state != .finished && context.may(.run)
            ? """
            <form method="post" action="/queue/\(queued.id)/again"><button type="submit">Go on with it</button></form>
            """ : nil
        return """
            <p><a class="button" href="/?search=\(name)%2F">To its runs</a> <a class="button" href="/compare?sweep=\(name)">Compare them</a></p>\(again)
            """
    }

    /// What became of a request.
    private func queuePage(_ queued: QueuedRun, _ context: PageContext) async throws -> HTML {
        let place = await queue.position(of: queued.id)
        let (run, log) = try await archive.look { store -> (StoredRun?, String) in
            let file = archive.results.appendingPathComponent(queued.log)
            guard let handle = try? FileHandle(forReadingFrom: file) else {
                return (try store.newest(named: queued.run), "")
            }
            defer { try? handle.close() }
            let size = (try? handle.seekToEnd()) ?? 0
            try? handle.seek(toOffset: size > 20_000 ? size - 20_000 : 0)
            let data = (try? handle.readToEnd()) ?? Data()
            return (try store.newest(named: queued.run), String(decoding: data, as: UTF8.self))
        }
        let link: HTML? =
            queued.command == .sweep
            ? sweepLinks(queued, context)
            : run.map { "<p><a class=\"button\" href=\"/runs/\($0.id ?? 0)\">To the run</a></p>" }
        let reason: HTML? = queued.reason.map { "<p class=\"notice bad\">\($0)</p>" }
        return """
            <div id="request" data-live>\(Layout.cards([
                (queued.command == .sweep ? "sweep" : "run", "\(queued.run)"),
                ("state", "<span class=\"status \(queued.state.rawValue)\">\(queued.state.rawValue)\(place.map { ", place \($0)" })</span>"),
                ("ranks", "\(queued.ranks)"), ("by", "\(queued.submitter)"), ("since (UTC)", "\(Words.date(queued.submittedAt))"),
                ("exit code", "\(queued.exitCode.map { "\($0)" } ?? "–")"),
            ]))\(reason)\(link)<h2>What it has printed</h2><pre>\(log.isEmpty ? "nothing yet" : log)</pre></div>
            """
    }
}

extension Form {
    /// A whole number; nil when the field is missing or empty.
    func number(_ name: String) throws(APIError) -> Int? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else { throw APIError(.badRequest, "'\(name)' is a whole number") }
        return number
    }
}
