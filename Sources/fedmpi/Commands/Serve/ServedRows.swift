import Foundation
import MPI
import RunStore

/// The rows of the run history that say what a fleet serves, while it serves. A history that cannot be written stops nobody: it is said once.
final class ServedRows {
    private let store: RunStore
    /// Name of the fleet.
    let fleet: String
    private let devices: Int
    private var rows: [Int64] = []
    private var lastBeat = ContinuousClock.now
    private var isSilent = false

    /// How often rows are said to be current.
    private static let interval = Duration.seconds(10)

    /// Notes nothing yet.
    init(_ store: RunStore, fleet: String, devices: Int) {
        (self.store, self.fleet, self.devices) = (store, fleet, devices)
    }

    /// Ends the rows that there are, and begins one for each version.
    func change(to models: [RegisteredModel]) {
        end()
        for model in models {
            attempt {
                rows.append(
                    try store.beginServing(
                        ServedVersion(
                            name: model.name, version: model.version, fleet: fleet, host: MPIWorld.hostName,
                            devices: devices)))
            }
        }
    }

    /// Says that they are current, if it was not said lately.
    func beat() {
        guard ContinuousClock.now - lastBeat >= Self.interval else { return }
        lastBeat = .now
        attempt { try store.keepServing(rows) }
    }

    /// Ends the rows.
    func end() {
        attempt { for row in rows { try store.endServing(row) } }
        rows = []
    }

    /// Writes to the history, and says it the first time that it cannot be done.
    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch {
            if !isSilent { Console.error("[rank 0] warning: what is served is not noted: \(error)") }
            isSilent = true
        }
    }
}
