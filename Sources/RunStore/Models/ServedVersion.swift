public import Foundation
import Records

/// A version that a fleet serves or has served: a row of the table `served_versions`, whose coding keys are the columns.
///
/// Rank 0 of a fleet writes it while devices serve (``RunStore/beginServing(_:)``), so that others see what is in use before they move an
/// alias or delete a version. A fleet that takes another version over ends the row and begins one.
public struct ServedVersion: Codable, Sendable, Equatable {
    /// Number of the row; nil until it is inserted.
    public internal(set) var id: Int64?
    /// The model's name.
    public let name: String
    /// The version that is served.
    public let version: Int
    /// The fleet: name of the folder that its results go into.
    public let fleet: String
    /// Host of the fleet's rank 0.
    public let host: String
    /// Number of devices that are to serve it.
    public let devices: Int
    /// Rank 0's process, as ``ProcessIdentity`` writes it; empty where it is not known.
    let process: String
    /// Since when.
    public let since: Date
    /// When the fleet was last heard of.
    public let heartbeatAt: Date
    /// When the fleet ended, or took another version over; nil as long as it serves this one.
    public let endedAt: Date?

    private enum CodingKeys: String, CodingKey {
        case id, name, version, fleet, host, devices, process, since
        case heartbeatAt = "heartbeat_at"
        case endedAt = "ended_at"
    }

    /// Describes what this process begins to serve now.
    ///
    /// - Parameter devices: number of devices, ≥ 0.
    public init(name: String, version: Int, fleet: String, host: String, devices: Int) {
        (self.name, self.version, self.fleet, self.host, self.devices) = (name, version, fleet, host, devices)
        process = ProcessIdentity.ofThisProcess
        since = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded(.down))
        heartbeatAt = since
        endedAt = nil
    }

    /// Seconds of silence after which a fleet on another host no longer counts as serving.
    private static let longestSilence = 120.0

    /// Whether it is served at a moment: not ended, and the fleet's process is there (on this host) or was heard of within two minutes
    /// (on another).
    public func isServed(at now: Date) -> Bool {
        guard endedAt == nil else { return false }
        return ProcessIdentity.isAlive(process) ?? (now.timeIntervalSince(heartbeatAt) < Self.longestSilence)
    }
}

extension RunStore {
    /// Notes that a fleet serves a version from now on.
    ///
    /// - Returns: the row's number, for ``keepServing(_:)`` and ``endServing(_:)``.
    /// - Throws: ``RunStoreError``.
    public func beginServing(_ served: ServedVersion) throws(RunStoreError) -> Int64 {
        try change { db in
            try db.insert(RowEncoder(served), into: "served_versions")
            return db.lastInsertedRow
        }
    }

    /// Notes that a fleet is still there. Rows that were ended stay so.
    ///
    /// - Parameter rows: what ``beginServing(_:)`` has returned.
    /// - Throws: ``RunStoreError``.
    public func keepServing(_ rows: [Int64]) throws(RunStoreError) {
        try change { db in
            for row in rows {
                try db.execute(
                    "UPDATE served_versions SET heartbeat_at = ? WHERE id = ? AND ended_at IS NULL", [Date.now, row])
            }
        }
    }

    /// Notes that a fleet no longer serves a version.
    ///
    /// - Parameter row: what ``beginServing(_:)`` has returned.
    /// - Throws: ``RunStoreError``.
    public func endServing(_ row: Int64) throws(RunStoreError) {
        try change { db in
            try db.execute(
                "UPDATE served_versions SET heartbeat_at = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL",
                [Date.now, Date.now, row])
        }
    }

    /// Who serves the versions of a model, and who has, the latest first. Includes those that are silent:
    /// ``ServedVersion/isServed(at:)`` tells them apart.
    ///
    /// - Parameter name: nil: of all models.
    /// - Throws: ``RunStoreError``.
    public func served(_ name: String? = nil) throws(RunStoreError) -> [ServedVersion] {
        try read { db in try Self.served(name, in: db) }
    }

    /// The same within a transaction.
    static func served(_ name: String?, in db: Database) throws -> [ServedVersion] {
        try db.fetch("SELECT * FROM served_versions WHERE name = ifnull(?, name) ORDER BY id DESC", [name])
    }
}
