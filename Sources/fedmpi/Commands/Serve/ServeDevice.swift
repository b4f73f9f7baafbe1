import ArgumentParser
import CProcess
import FedCore
import Foundation
import Serving

/// The hidden command `fedmpi serve-device`: the process of one device. `DeviceProcess` starts it for `fedmpi
/// serve`.
///
/// A `DeviceTask` comes on standard input as JSON, a `DeviceReport` goes to standard output. It is a process of
/// its own because limits of memory and cores cannot be taken back, and because a device that runs out of memory
/// must end neither a rank nor another device. It is no MPI rank and starts none.
///
/// Exit codes: 0, also for a device that failed: its report says why; 2 when it is started by hand, without a
/// task.
struct ServeDevice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-device", abstract: "Serve as one device; `fedmpi serve` starts it.", shouldDisplay: false)

    /// Reads the task, serves, and writes the report. Blocks until the load is over.
    ///
    /// The process dies with the rank that started it; without that, a rank that is killed would leave a device
    /// behind that computes for nobody and disturbs the others.
    ///
    /// - Throws: `ConfigurationError` when standard input holds no task; the error of writing the report.
    func run() throws {
        guard process_die_with_parent(getppid()) else { return }
        let input = FileHandle.standardInput.readDataToEndOfFile()
        guard let task = try? JSONDecoder().decode(DeviceTask.self, from: input) else {
            throw ConfigurationError("serve-device is started by `fedmpi serve`, which tells it what to do")
        }
        var report: DeviceReport
        do {
            report = try DeviceServer(task).run()
        } catch {
            report = DeviceReport(index: task.index, device: task.device)
            report.failure = error.line + DeviceProcess.memoryNote(task)
        }
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(report))
    }
}
