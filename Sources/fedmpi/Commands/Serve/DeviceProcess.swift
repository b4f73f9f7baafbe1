import Foundation
import Serving

/// Runs one device as a process of its own, so that its limits hold for it alone and its end is no rank's.
enum DeviceProcess {
    /// How a device's process ended that has not reported.
    struct Loss: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts the process and waits, asleep.
    /// - Parameter timeout: in seconds; a process that has not answered by then is killed.
    static func run(_ task: DeviceTask, timeout: Double) throws -> DeviceReport {
        var task = task
        var group: ControlGroup?
        // What is simulated anyway is simulated as a whole.
        if task.device.cpuShare < 1, task.coreSlowdown == 1 {
            if task.enforcesLimits {
                do {
                    group = try ControlGroup(cpuShare: task.device.cpuShare)
                } catch {
                    task.controlGroupRefusal = error.description
                }
            } else {
                task.controlGroupRefusal = "as asked for"
            }
        }
        task.controlGroup = group?.folder.path
        defer { group?.remove() }
        do {
            return try answer(to: task, timeout: timeout)
        } catch let loss as Loss {
            var report = DeviceReport(index: task.index, device: task.device)
            report.failure = loss.description
            return report
        }
    }

    private static func answer(to task: DeviceTask, timeout: Double) throws -> DeviceReport {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve-device"]
        // It is no rank.
        process.environment = ProcessInfo.processInfo.environment.filter { name, _ in
            !["OMPI_", "PMIX_", "PMI_", "SLURM_", "HYDI_", "HYDRA_"].contains { name.hasPrefix($0) }
        }
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw Loss(description: "its process cannot be started: \((error as NSError).localizedDescription)")
        }
        // A process that has ended already is seen by its silence.
        signal(SIGPIPE, SIG_IGN)
        try? input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(task))
        try? input.fileHandleForWriting.close()
        let bytes = read(from: output.fileHandleForReading.fileDescriptor, seconds: timeout)
        if bytes == nil { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        guard let bytes else { throw Loss(description: "no answer within \(Format.duration(timeout))") }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Loss(description: Self.reason(process, task))
        }
        guard let report = try? JSONDecoder().decode(DeviceReport.self, from: bytes) else {
            throw Loss(description: "its process said something else than a report")
        }
        return report
    }

    private static func reason(_ process: Process, _ task: DeviceTask) -> String {
        let end =
            process.terminationReason == .uncaughtSignal
            ? "was killed by signal \(process.terminationStatus)" : "ended with code \(process.terminationStatus)"
        return "its process \(end)" + memoryNote(task)
    }

    /// What may be behind a failure.
    static func memoryNote(_ task: DeviceTask) -> String {
        guard task.enforcesLimits, task.device.origin(of: .ramMegabytes) == .stated else { return "" }
        return ", held to \(Format.fixed(task.device.ramMegabytes, 0)) MB of memory"
    }

    /// - Returns: nil when the end has not come in time.
    private static func read(from descriptor: Int32, seconds: Double) -> Data? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { return nil }
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(min(left.rounded(.up), 60_000))) > 0 else { continue }
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count > 0 {
                data.append(contentsOf: chunk[..<count])
            } else if count == 0 || errno != EINTR {
                return data
            }
        }
    }
}
