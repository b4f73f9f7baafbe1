import Analysis
import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import Records
import RunQueue
import RunStore

/// The pages.
extension Site {
    /// Adds the routes. Every page is made on a thread that may block, from one look at the history and the run's folder.
    func addPages(to router: Router<PageContext>) {
        router.get("/") { request, context in try await runsPage(Query(request, isForm: true), context) }
        router.get("/runs/:id") { _, context in try await runPage(context) }
        router.get("/runs/:id/ranks") { _, context in
            let run = try await archive.run(try context.number("id"))
            let folder = try archive.folder(of: run)
            let page = try await archive.work {
                RanksPage(run: run, timing: RunTiming(in: folder.appendingPathComponent("timing"))).html
            }
            return Layout.response(Layout.page(run.name, at: "/", for: context.caller, page))
        }
        router.get("/runs/:id/clients") { _, context in try await clientsPage(context) }
        router.get("/runs/:id/errors") { _, context in
            let run = try await archive.run(try context.number("id"))
            let folder = try archive.folder(of: run)
            let program = configuration.queue.program
            let page = try await archive.work { () -> HTML in
                guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path)
                else {
                    return
                        "\(RunPage.tabs(of: run, at: "/errors"))<p>The run has left no model yet: it writes it when it ends.</p>"
                }
                return ErrorsPage(run: run, answer: try PredictAnswer(askedOf: program, folder)).html
            }
            return Layout.response(Layout.page(run.name, at: "/", for: context.caller, page))
        }
        router.get("/runs/:id/files") { _, context in
            let run = try await archive.run(try context.number("id"))
            let folder = try archive.folder(of: run)
            let page = try await archive.look { store in
                let recorded = Dictionary(try store.artefacts(of: run).map { ($0.file, $0) }) { first, _ in first }
                return FilesPage(run: run, files: RunFiles.list(in: folder), recorded: recorded).html
            }
            return Layout.response(Layout.page(run.name, at: "/", for: context.caller, page))
        }
        router.get("/compare") { request, context in try await comparePage(Query(request, isForm: true), context) }
        router.get("/sweeps") { _, context in
            let page = SweepsPage(
                sweeps: try await archive.look { try $0.sweeps() }, mayStart: context.may(.run))
            return Layout.response(Layout.page("Sweeps", at: "/sweeps", for: context.caller, page.html))
        }
        router.get("/models") { _, context in
            let caller = try context.known()
            let page = try await archive.look { store in
                let models = try store.models()
                let moves = try Set(models.map(\.name)).map { ($0, try store.moves(of: $0)) }
                return ModelsPage(
                    models: models, aliases: try store.aliases(), moves: Dictionary(moves) { first, _ in first },
                    caller: caller)
            }
            return Layout.response(Layout.page("Models", at: "/models", for: caller, page.html))
        }
        router.get("/fleet") { _, context in
            let page = try await archive.look { store in
                let runs = try store.runs(with: "fleet", limit: 50)
                return FleetPage(
                    services: ServedFleet.newest(in: archive.results, count: 5),
                    runs: try runs.map { ($0.run, try store.rounds(of: $0.run, thinnedTo: 1).last, $0.value) },
                    served: try store.served().filter { $0.isServed(at: .now) })
            }
            return Layout.response(Layout.page("Fleet", at: "/fleet", for: context.caller, page.html))
        }
    }

    /// The first page.
    ///
    /// - Parameters:
    ///   - query: filters, order, and the page's number.
    ///   - context: who looks.
    private func runsPage(_ query: Query, _ context: PageContext) async throws -> Response {
        let filter = try query.filter(limit: RunsPage.size)
        let number = try query.number("page", in: 1...1_000_000, default: 1)
        let page = try await archive.look { store in
            let runs = try store.overview(filter, offset: (number - 1) * RunsPage.size)
            var running = RunFilter()
            running.status = .running
            return RunsPage(
                filter: filter, page: number, runs: runs, active: try store.runs(running),
                choices: try store.filterChoices(),
                tags: try store.tags(of: runs.runs))
        }
        let queue = await queueTable(context)
        return Layout.response(
            Layout.page("Runs", at: "/", events: "/v1/events", for: context.caller, "\(queue)\(page.html)"))
    }

    /// The page of a run, with its rounds thinned to some hundreds.
    private func runPage(_ context: PageContext) async throws -> Response {
        let caller = try context.known()
        let run = try await archive.run(try context.number("id"))
        let folder = try archive.folder(of: run)
        let page = try await archive.look { store in
            let settings = try store.settings(of: [run.id ?? 0])[run.id ?? 0] ?? [:]
            let faults = try store.newestFaults(of: run, limit: 50)
            let labels = try store.labels(of: run)
            return RunPage(
                run: run, rounds: try store.rounds(of: run, thinnedTo: 400), faults: faults.faults,
                faultCount: faults.total,
                activity: run.status == .running ? RunActivity(in: folder, ranks: run.ranks) : nil, tags: labels.tags,
                note: labels.note, settings: settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                command: RunCommand.text(ranks: run.ranks, settings), caller: caller)
        }
        // One that has ended may be continued: its events tell.
        return Layout.response(
            Layout.page(run.name, at: "/", events: "/v1/runs/\(run.id ?? 0)/events", for: caller, page.html))
    }

    /// The page of a run's clients, which its folder knows and the history does not.
    private func clientsPage(_ context: PageContext) async throws -> Response {
        let run = try await archive.run(try context.number("id"))
        let folder = try archive.folder(of: run)
        let page = try await archive.look { store -> HTML in
            guard let recorded = try? RecordedRun(in: folder) else {
                return
                    "\(RunPage.tabs(of: run, at: "/clients"))<p>No round is in its folder yet, or its folder is elsewhere.</p>"
            }
            let rounds = try store.rounds(of: run, thinnedTo: 200)
            let last = rounds.last { $0.serverClassAccuracies != nil || $0.clients != nil }
            return ClientsPage(run: run, recorded: recorded, lastEvaluated: last).html
        }
        return Layout.response(Layout.page(run.name, at: "/", for: context.caller, page))
    }

    /// The page of several runs.
    ///
    /// - Parameters:
    ///   - query: `run`, several times, or the name of a `sweep`.
    ///   - context: who looks.
    private func comparePage(_ query: Query, _ context: PageContext) async throws -> Response {
        let ids = try query.numbers("run")
        let sweep = try query.text("sweep")
        guard ids.count <= ComparePage.most else {
            throw APIError(.badRequest, "at most \(ComparePage.most) runs are compared at once")
        }
        let entries = try await archive.look { store -> [ComparePage.Entry] in
            let runs: [StoredRun]
            if let sweep {
                runs = try store.runs(below: sweep, limit: ComparePage.most)
            } else {
                runs = try ids.map { id in
                    guard let run = try store.run(id) else { throw APIError(.notFound, "there is no run \(id)") }
                    return run
                }
            }
            let settings = try store.settings(of: runs.compactMap(\.id))
            let points = max(20, 4000 / max(1, runs.count))
            return try runs.map { run in
                ComparePage.Entry(
                    run: run, curve: try store.curve(of: run, points: min(300, points)),
                    settings: settings[run.id ?? 0] ?? [:])
            }
        }
        guard entries.count > 1 else {
            return Layout.response(
                Layout.page(
                    "Compare", for: context.caller,
                    "<p>Tick two runs or more in <a href=\"/\">the list</a>, and compare them.</p>"))
        }
        return Layout.response(
            Layout.page("\(entries.count) runs compared", for: context.caller, ComparePage(entries: entries).html))
    }
}
