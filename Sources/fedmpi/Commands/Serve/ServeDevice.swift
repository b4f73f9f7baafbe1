import ArgumentParser
import CProcess
import FedCore
import Foundation
import Serving

/// `fedmpi serve-device`: the process of one device of `fedmpi serve`, which starts it. A `DeviceTask` comes on standard
/// input; a `DeviceReport` goes to standard output.
struct ServeDevice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-device", abstract: "Serve as one device; `fedmpi serve` starts it.", shouldDisplay: false)

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
