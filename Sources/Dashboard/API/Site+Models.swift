import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import RunStore

/// What the API tells of models, sweeps and devices, and the aliases that it moves.
extension Site {
    /// Adds the routes.
    func addModelRoutes(to router: Router<PageContext>) {
        router.get("/v1/models") { _, _ in
            try JSON.response(
                try await archive.look { store in
                    ModelListView(
                        models: try store.models().map { ModelView($0) },
                        aliases: try store.aliases().map { AliasView($0) })
                })
        }
        router.get("/v1/models/:name") { _, context in
            let name = try context.modelName()
            return try JSON.response(
                try await archive.look { store in
                    let models = try store.models(named: name)
                    guard !models.isEmpty else { throw APIError(.notFound, "no model is registered as '\(name)'") }
                    return ModelListView(
                        models: models.map { ModelView($0) }, aliases: try store.aliases(of: name).map { AliasView($0) }
                    )
                })
        }
        router.put("/v1/models/:name/aliases/:alias") { request, context in
            try context.require(.admin)
            let wanted = try await request.json(AliasRequest.self, context)
            let name = try context.modelName()
            let alias = try ModelReference.checked(alias: context.parameters.get("alias") ?? "")
            return try JSON.response(try await move(alias, of: name, wanted))
        }
        router.get("/v1/sweeps") { _, _ in
            try JSON.response(["sweeps": try await archive.look { try $0.sweeps() }])
        }
        router.get("/v1/fleet") { _, _ in
            try JSON.response(
                try await archive.look { store in
                    FleetView(
                        services: ServedFleet.newest(in: archive.results, count: 20).map { FleetView.Service($0) },
                        runs: try store.runs(with: "fleet", limit: 100).map {
                            FleetView.Run(run: RunView($0.run), fleet: $0.value)
                        })
                })
        }
    }

    /// Moves an alias to a version.
    func move(_ alias: String, of name: String, _ wanted: AliasRequest) async throws -> AliasView {
        try await archive.look { store in
            guard try store.models(named: name).contains(where: { $0.version == wanted.version }) else {
                throw APIError(.notFound, "there is no '\(name)@\(wanted.version)'")
            }
            _ = try store.move(alias, of: name, to: wanted.version, note: wanted.note)
            guard let now = try store.aliases(of: name).first(where: { $0.alias == alias }) else {
                throw APIError(.conflict, "the alias has been removed meanwhile")
            }
            return AliasView(now)
        }
    }
}

extension PageContext {
    /// A parameter of the path that is a model's name.
    func modelName() throws(APIError) -> String {
        do {
            return try ModelReference.checked(name: parameters.get("name") ?? "")
        } catch {
            throw APIError(.notFound, error.description)
        }
    }
}

/// The body of a request to move an alias.
struct AliasRequest: Decodable, Sendable {
    let version: Int
    /// Why.
    var note: String?
}

/// A version as the API shows it.
struct ModelView: Encodable {
    let name: String
    let version: Int
    let digest: String
    let bytes: Int
    let registeredAt: Date
    let source: String
    let contents: ModelContents
    let run: ModelRun?
    let parent: String?

    init(_ model: RegisteredModel) {
        (name, version, digest, bytes) = (model.name, model.version, model.digest, model.bytes)
        (registeredAt, source, contents) = (model.registeredAt, model.source, model.contents)
        (run, parent) = (model.run, model.parent)
    }

    private enum CodingKeys: String, CodingKey {
        case name, version, digest, bytes, source, contents, run, parent
        case registeredAt = "registered_at"
    }
}

/// An alias as the API shows it.
struct AliasView: Encodable {
    let name, alias: String
    let version: Int
    let movedAt: Date

    init(_ alias: ModelAlias) {
        (name, self.alias, version, movedAt) = (alias.name, alias.alias, alias.version, alias.movedAt)
    }

    private enum CodingKeys: String, CodingKey {
        case name, alias, version
        case movedAt = "moved_at"
    }
}

/// Versions and aliases.
struct ModelListView: Encodable {
    /// By name, the newest version first.
    let models: [ModelView]
    let aliases: [AliasView]
}

/// Services and runs on fleets.
struct FleetView: Encodable {
    /// What a service has left.
    struct Service: Encodable {
        let name: String
        let date: Date
        let devices: [Device]

        init(_ service: ServedFleet) {
            (name, date) = (service.name, service.date)
            devices = service.devices.map { device in
                Device(
                    name: device.device.name, tier: device.tier, figures: device.figures, model: device.model,
                    p50: device.p50Ms, p95: device.p95Ms, answered: device.answered, refused: device.refusedRequests,
                    failure: device.failure)
            }
        }
    }

    /// A device of a service; times are in milliseconds.
    struct Device: Encodable {
        let name: String
        let tier: String?
        let figures: String
        let model: String?
        let p50, p95: Double?
        let answered, refused: Int
        let failure: String?

        private enum CodingKeys: String, CodingKey {
            case name, tier, figures, model, answered, refused, failure
            case p50 = "p50_ms"
            case p95 = "p95_ms"
        }
    }

    /// A run on a simulated fleet.
    struct Run: Encodable {
        let run: RunView
        let fleet: String
    }

    let services: [Service]
    let runs: [Run]
}
