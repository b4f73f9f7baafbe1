import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import RunQueue
import RunStore

/// What changes something: starting, stopping, continuing, deleting, labelling.
extension Site {
    /// Adds the routes. Each first asks for the role that it takes, before anything of the request is read.
    ///
    /// What a request is answered with is written in `openapi.json`; errors of the queue become 404 and 409, settings that do not work
    /// 422 with the line that `fedmpi` prints.
    func addActionRoutes(to router: Router<PageContext>) {
        for path: RouterPath in ["/training/start", "/v1/runs"] {
            router.post(path) { request, context in
                try context.require(.run)
                let run = try RunRequest(json: try await request.jsonData(context), by: try context.known().name)
                return try await accepted(try await queuing { try await queue.submit(run) })
            }
        }
        router.post("/v1/sweeps") { request, context in
            try context.require(.run)
            let sweep = try RunRequest(sweepJSON: try await request.jsonData(context), by: try context.known().name)
            return try await accepted(try await queuing { try await queue.submit(sweep) })
        }
        router.post("/v1/runs/:id/stop") { _, context in
            try context.require(.run)
            return try JSON.response(try await view(try await stop(try context.number("id"))), status: .accepted)
        }
        router.post("/v1/runs/:id/resume") { request, context in
            try context.require(.run)
            let wanted = try await request.json(ResumeRequest.self, context)
            let queued = try await resume(try context.number("id"), wanted, by: try context.known())
            return try JSON.response(try await view(queued), status: .accepted)
        }
        router.delete("/v1/runs/:id") { request, context in
            try context.require(.admin)
            let name = try Query(request).text("confirm")
            try await delete(try context.number("id"), confirming: name ?? "")
            return Response(status: .noContent)
        }
        router.put("/v1/runs/:id/labels") { request, context in
            try context.require(.run)
            let wanted = try await request.json(LabelRequest.self, context)
            let run = try await archive.run(try context.number("id"))
            let labels = RunLabels(tags: wanted.tags ?? [], note: wanted.note)
            return try JSON.response(
                try await archive.look { store -> LabelRequest in
                    try store.label(run, labels)
                    let now = try store.labels(of: run)
                    return LabelRequest(tags: now.tags, note: now.note)
                })
        }
        router.get("/v1/queue") { request, context in
            let limit = try Query(request).number("limit", in: 1...500, default: 100)
            let rows = try await archive.look { try $0.queuedRuns(limit: limit) }
            var views: [QueueView] = []
            for row in rows { views.append(try await view(row)) }
            return try JSON.response(
                QueueListView(requests: views, coresTaken: await queue.coresTaken, cores: queue.configuration.cores))
        }
        router.get("/v1/queue/:id") { _, context in
            try JSON.response(try await view(try await queued(try context.number("id"))))
        }
        router.post("/v1/queue/:id/stop") { _, context in
            try context.require(.run)
            let id = try context.number("id")
            return try JSON.response(try await view(try await queuing { try await queue.stop(id) }))
        }
    }

    /// A request for a run.
    func queued(_ id: Int64) async throws -> QueuedRun {
        try await archive.look { store in
            guard let queued = try store.queuedRun(id) else { throw APIError(.notFound, "there is no request \(id)") }
            return queued
        }
    }

    /// The answer to a request that was taken, and where it can be looked at.
    private func accepted(_ queued: QueuedRun) async throws -> Response {
        var response = try JSON.response(try await view(queued), status: .accepted)
        response.headers[.location] = "/v1/queue/\(queued.id)"
        return response
    }

    /// A request as the API shows it, with its place in the queue.
    func view(_ queued: QueuedRun) async throws -> QueueView {
        QueueView(queued: queued, position: await queue.position(of: queued.id))
    }

    /// Stops the processes of a run that goes on.
    func stop(_ id: Int64) async throws -> QueuedRun {
        let run = try await archive.run(id)
        let open = await queue.openRuns
        guard let queued = open.last(where: { $0.run == run.name }) else {
            if let sweep = open.last(where: { $0.command == .sweep && run.name.hasPrefix($0.run + "/") }) {
                throw APIError(
                    .conflict,
                    "run \(id) is one of the sweep '\(sweep.run)': stop request \(sweep.id), which is all of it")
            }
            throw APIError(
                .conflict,
                run.status == .running
                    ? "run \(id) was not started here: stop it where it was started, by Ctrl-C or scancel"
                    : "run \(id) does not run: it is \(run.status.rawValue)")
        }
        return try await queuing { try await queue.stop(queued.id) }
    }

    /// Continues a run that has ended.
    func resume(_ id: Int64, _ wanted: ResumeRequest, by caller: Caller) async throws -> QueuedRun {
        let run = try await archive.run(id)
        try await waitForProcesses(of: run)
        return try await queuing {
            try await queue.resume(run.name, rounds: wanted.rounds, ranks: wanted.ranks, by: caller.name)
        }
    }

    /// Waits, five seconds at most: a run says that it has ended a moment before its processes are gone.
    private func waitForProcesses(of run: StoredRun) async throws {
        for _ in 0..<50 where run.status != .running {
            guard await queue.openRuns.contains(where: { $0.run == run.name && $0.state == .running }) else { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Deletes a run that has ended, with its files.
    func delete(_ id: Int64, confirming name: String) async throws {
        let run = try await archive.run(id)
        guard name == run.name else {
            throw APIError(.unprocessableContent, "to delete run \(id), confirm it by its name, \(run.name)")
        }
        // Of several runs that had a folder one after another only the last has files.
        let newest = try await archive.look { try $0.newest(named: run.name) }
        guard newest?.id == run.id else {
            try await archive.look { try $0.forget(run) }
            return
        }
        try await waitForProcesses(of: run)
        try await queuing { try await queue.delete(run.name, confirming: name) }
    }

    /// Has the queue do something, and puts its errors into HTTP's words.
    func queuing<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as QueueError {
            switch error {
            case .unknown(let reason): throw APIError(.notFound, reason)
            case .conflict(let reason): throw APIError(.conflict, reason)
            }
        }
    }
}

/// The body of a request to continue a run.
struct ResumeRequest: Decodable, Sendable {
    /// Rounds in all; nil: as many as planned.
    var rounds: Int?
    /// Ranks; nil: as many as before.
    var ranks: Int?
}

/// The tags and the note of a run.
struct LabelRequest: Codable, Sendable {
    var tags: [String]?
    var note: String?
}
