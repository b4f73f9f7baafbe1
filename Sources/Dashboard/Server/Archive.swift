import Analysis
import FedCore
import Files
import Foundation
import HTTPTypes
import NIOPosix
import Records
import RunStore

/// The results folder as pages and the API read it. SQLite and files block, so every look runs on a thread of the pool, and not on
/// those that serve connections.
struct Archive: Sendable {
    /// Path of the results folder.
    let results: URL
    /// Threads that may block.
    private let pool: NIOThreadPool

    /// - Parameters:
    ///   - results: path of the folder; the history in it may still be missing.
    ///   - pool: threads that may block.
    init(results: String, pool: NIOThreadPool) {
        self.results = URL(fileURLWithPath: results, isDirectory: true)
        self.pool = pool
    }

    /// Looks into the history.
    ///
    /// - Throws: `APIError` when there is none, what is asked for is not there, or it cannot be read.
    func look<Value: Sendable>(_ body: @escaping @Sendable (RunStore) throws -> Value) async throws -> Value {
        try await work { try body(store()) }
    }

    /// Does something that blocks.
    func work<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        do {
            return try await pool.runIfActive(body)
        } catch let error as ConfigurationError {
            throw APIError(error)
        }
    }

    /// The history; made, with its folder, when missing: a dashboard may be there before the first run.
    func store() throws -> RunStore {
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        return try RunStore(at: results.appendingPathComponent(RunStore.fileName))
    }

    /// The run of a number.
    ///
    /// - Throws: `APIError` when there is none.
    func run(_ id: Int64) async throws -> StoredRun {
        try await look { store in
            guard let run = try store.run(id) else { throw APIError(.notFound, "there is no run \(id)") }
            return run
        }
    }

    /// The folder of a run.
    ///
    /// - Throws: `APIError` when its name would lead out of the results folder: the history may be somebody else's.
    func folder(of run: StoredRun) throws(APIError) -> URL {
        let parts = run.name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), !run.name.contains("\0")
        else { throw APIError(.conflict, "the folder of run \(run.id ?? 0) is not in the results folder") }
        return results.appendingPathComponent(run.name, isDirectory: true)
    }
}
