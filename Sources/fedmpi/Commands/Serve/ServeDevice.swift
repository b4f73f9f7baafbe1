import ArgumentParser
import CProcess
import FedCore
import Foundation
import Serving

/// The hidden command `fedmpi serve-device`: the process of one device. `DeviceProcess` starts it for `fedmpi
/// serve`.
///
/// A `DeviceTask` comes on standard input as a line of JSON, a `DeviceReport` goes to standard output as the last one;
/// where releases are followed, orders and news of them go both ways in between. It is a process of
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
        guard let line = readLine(), let task = try? JSONDecoder().decode(DeviceTask.self, from: Data(line.utf8))
        else {
            throw ConfigurationError("serve-device is started by `fedmpi serve`, which tells it what to do")
        }
        let desk = task.followedRelease.map { _ in Self.desk() }
        var report: DeviceReport
        do {
            report = try DeviceServer(task, desk: desk).run()
        } catch {
            report = DeviceReport(index: task.index, device: task.device)
            report.failure = error.line + DeviceProcess.memoryNote(task)
        }
        try Self.write(.report(report))
    }

    /// A desk whose orders come on standard input, a line each, on a thread of their own.
    private static func desk() -> ReleaseDesk {
        // When the rank has ended so has this process, and nobody misses the news.
        let desk = ReleaseDesk { news in try? write(.news(news)) }
        Thread.detachNewThread {
            while let line = readLine() {
                guard let order = try? JSONDecoder().decode(ReleaseOrder.self, from: Data(line.utf8)) else { continue }
                desk.post(order)
            }
        }
        return desk
    }

    /// Writes a line to the rank. Only the thread that serves calls it.
    private static func write(_ message: DeviceMessage) throws {
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(message) + [UInt8(ascii: "\n")])
    }
}
