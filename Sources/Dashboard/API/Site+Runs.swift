import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationEssentialsCompat
import NIOPosix
import Records
import RunStore
import ServiceLifecycle

/// What the API tells of runs.
extension Site {
    /// Adds the routes. All of them only read.
    ///
    /// Lists have limits, so that an answer is never longer than some hundreds of kilobytes; files and events are sent piece by piece.
    func addRunRoutes(to router: Router<PageContext>) {
        router.get("/v1/runs") { request, _ in
            let query = Query(request)
            let filter = try query.filter(limit: 50)
            let offset = try query.number("offset", in: 0...10_000_000, default: 0)
            return try JSON.response(
                try await archive.look { store in
                    let runs = try store.overview(filter, offset: offset)
                    let tags = try store.tags(of: runs.runs)
                    let views = runs.runs.map { run in
                        var view = RunView(run)
                        view.tags = tags[run.id ?? 0] ?? []
                        return view
                    }
                    return RunListView(runs: views, total: runs.total)
                })
        }
        router.get("/v1/runs/:id") { _, context in
            let run = try await archive.run(try context.number("id"))
            return try JSON.response(
                try await archive.look { store in
                    var view = RunView(run)
                    let labels = try store.labels(of: run)
                    (view.tags, view.note) = (labels.tags, labels.note)
                    let settings = try store.settings(of: [run.id ?? 0])[run.id ?? 0] ?? [:]
                    view.settings = settings
                    view.command = RunCommand.text(ranks: run.ranks, settings)
                    return view
                })
        }
        router.get("/v1/runs/:id/rounds") { request, context in
            let query = Query(request)
            let after = try query.number("after", in: 0...Int(UInt32.max), default: 0)
            let limit = try query.number("limit", in: 1...1000, default: 200)
            let run = try await archive.run(try context.number("id"))
            return try JSON.response(
                ["rounds": try await archive.look { try $0.rounds(of: run, after: after, limit: limit) }])
        }
        router.get("/v1/runs/:id/faults") { request, context in
            let limit = try Query(request).number("limit", in: 1...1000, default: 200)
            let run = try await archive.run(try context.number("id"))
            return try JSON.response(
                ["faults": try await archive.look { try $0.newestFaults(of: run, limit: limit).faults }])
        }
        router.get("/v1/runs/:id/events") { request, context in
            // `Last-Event-ID` is what a browser sends when it connects again; the first time an address can say it.
            let text = try request.headers[HTTPField.Name("Last-Event-ID")!] ?? Query(request).text("after")
            guard let place = text.map({ EventPlace($0) }) ?? EventPlace() else {
                throw APIError(.badRequest, "an event's id is ROUND.FAULT")
            }
            return Self.stream(try await hub.events(of: try context.number("id"), after: place))
        }
        router.get("/v1/events") { _, _ in Self.stream(try await hub.overview()) }
        router.get("/v1/runs/:id/files") { _, context in
            let run = try await archive.run(try context.number("id"))
            let folder = try archive.folder(of: run)
            return try JSON.response(["files": try await archive.work { RunFiles.list(in: folder) }])
        }
        router.get("/v1/runs/:id/files/**") { _, context in try await file(context) }
    }

    /// Events as a response that goes on until somebody leaves.
    private static func stream(_ feed: EventHub.Feed) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
                HTTPField.Name("X-Accel-Buffering")!: "no",
            ],
            // Nothing else stands between a thousand listeners and what the hub wrote once for all of them.
            body: .init { writer in
                // A server that is asked to end waits for its connections.
                try await withGracefulShutdownHandler {
                    try await writer.write(EventText.retry)
                    while let missed = await feed.missed() {
                        try await writer.write(missed)
                    }
                    for await event in feed.events { try await writer.write(event) }
                } onGracefulShutdown: {
                    feed.end()
                }
                try await writer.finish(nil)
            })
    }

    /// A file of a run, a piece at a time.
    private func file(_ context: PageContext) async throws -> Response {
        let run = try await archive.run(try context.number("id"))
        let folder = try archive.folder(of: run)
        guard
            let path = context.parameters.getCatchAll().map(String.init).joined(separator: "/").removingPercentEncoding
        else { throw APIError(.badRequest, "the path cannot be read") }
        let (handle, bytes) = try await archive.work { try RunFiles.open(path, in: folder) }
        let archive = archive
        return Response(
            status: .ok,
            headers: [
                .contentType: RunFiles.type(of: path),
                // What a run has written is no page of ours: it may show itself, and do nothing.
                HTTPField.Name("Content-Security-Policy")!:
                    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
            ],
            body: .init(contentLength: bytes) { writer in
                var left = bytes
                while left > 0 {
                    let size = min(left, 128 * 1024)
                    let piece = try await archive.work { try handle.read(upToCount: size) ?? Data() }
                    // A file that has become shorter: the length was promised, so that the connection must end.
                    guard !piece.isEmpty else { throw APIError(.conflict, "the file has changed meanwhile") }
                    left -= piece.count
                    try await writer.write(ByteBuffer(data: piece))
                }
                try await writer.finish(nil)
            })
    }
}
