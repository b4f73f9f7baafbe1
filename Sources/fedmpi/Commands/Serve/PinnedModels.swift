import FedCore
import Files
import Foundation
import MPI
import RunStore
import Runtime

/// The models of `--models` as all ranks of a job have them: registered ones at the version that rank 0 has found, whatever becomes of
/// aliases while the others look.
///
/// Where aliases are followed rank 0 reads the registry alone, and the others get the files from it: they may be on hosts without it.
struct PinnedModels {
    /// A model.
    struct Model: Codable {
        /// What the user gave.
        let text: String
        /// The registered version; nil for a file.
        var registered: RegisteredModel?
        /// The alias that the user gave; nil for a file, a number or a digest.
        var alias: String? {
            guard registered != nil, case .alias(let alias)? = (try? ModelReference(text))?.selector else { return nil }
            return alias
        }

        /// Path of the file on this rank's host.
        var path: String
        /// The file, on its way between ranks.
        var bytes: Data?
    }

    /// In the order of `--models`.
    private(set) var models: [Model]
    /// Where this rank keeps the files that it got; removed with the value. nil on rank 0.
    private var folder: PrivateFolder?

    /// Resolves `--models`. Local to the rank; each rank reads the registry itself.
    ///
    /// - Throws: `ConfigurationError` for an empty name, one that is given twice, a version that there is not, or a changed file.
    init(_ texts: String, results: String) throws {
        models = try texts.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard !text.isEmpty else { throw ConfigurationError("--models has an empty name") }
            return try Self.model(String(text), results)
        }
        if let twice = models.first(where: { model in models.count { $0.path == model.path } > 1 }) {
            throw ConfigurationError("--models names '\(twice.path)' twice")
        }
    }

    /// Finds out what a text means, as ``ModelArgument`` does.
    private static func model(_ text: String, _ results: String) throws -> Model {
        guard text.contains("@"), !FileManager.default.fileExists(atPath: text) else {
            return Model(text: text, path: text)
        }
        let store = try RunStore(results: results)
        let model = try store.model(try ModelReference(text))
        _ = try store.contents(of: model)
        return Model(text: text, registered: model, path: store.file(of: model).relativePath)
    }

    /// The same on all ranks, as rank 0 has it. Collective: a broadcast of the registered files.
    ///
    /// - Returns: The models, or what rank 0 could not.
    static func shared(
        _ texts: String, results: String, on world: any Communicator
    ) throws -> Result<PinnedModels, ConfigurationError> {
        var pinned: PinnedModels?
        let problem = try world.agree {
            if world.rank == 0 { pinned = try PinnedModels(texts, results: results) }
        }
        if let problem { return .failure(problem) }
        var bytes: [UInt8] = []
        if let pinned {
            let models = try pinned.models.map { model in
                var model = model
                if model.registered != nil {
                    model.bytes = Data(try ReceivedFile.contents(URL(fileURLWithPath: model.path)))
                }
                return model
            }
            bytes = [UInt8](try JSONEncoder().encode(models))
        }
        bytes = try world.broadcastBytes(bytes, root: 0)
        let refusal = try world.agree {
            if world.rank != 0 { pinned = try PinnedModels(received: bytes) }
        }
        if let refusal { return .failure(refusal) }
        guard let pinned else { preconditionFailure("all ranks agreed, and this one has no models") }
        return .success(pinned)
    }

    /// Takes what rank 0 has sent.
    ///
    /// Puts the registered files into a folder of this rank.
    private init(received bytes: [UInt8]) throws {
        models = try JSONDecoder().decode([Model].self, from: Data(bytes))
        let kept = try PrivateFolder()
        for index in models.indices {
            guard let bytes = models[index].bytes, let registered = models[index].registered else { continue }
            let file = kept.url.appendingPathComponent(registered.fileName).path
            try FileDraft.replace(file, with: [UInt8](bytes).span.bytes, isSynced: false)
            (models[index].path, models[index].bytes) = (file, nil)
        }
        folder = kept
    }
}
