import FedCore
import Files
import Foundation
import Records

/// A line that a device's process writes.
package enum DeviceMessage: Codable {
    /// What it says of a release.
    case news(ReleaseNews)
    /// The last: what came of serving.
    case report(DeviceReport)
}

/// A device as a process of its own, so that its limits hold for it alone and its end is no rank's.
package final class DeviceProcess: ServedDevice {
    /// How long a device's process may take.
    package struct Limits {
        /// Seconds after which one that has not answered is killed.
        package var whole: Double
        /// Seconds after which one that is stopped (SIGSTOP) is killed.
        package var stopped: Double

        package init(whole: Double, stopped: Double) {
            (self.whole, self.stopped) = (whole, stopped)
        }
    }

    /// How a device's process ended that has not reported.
    private struct Loss: Error, CustomStringConvertible {
        let description: String
    }

    private let task: DeviceTask
    private let limits: Limits
    private let group: ControlGroup?
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    /// What has come of a line that is not complete, and complete lines that nobody has asked for yet.
    private var data = Data()
    private var said: [ReleaseNews] = []
    private var outcome: DeviceReport?
    /// The files of releases that it was told of.
    private var files: PrivateFolder?
    private let start = ContinuousClock.now
    private var lastLook = ContinuousClock.now
    /// Since it was seen to be stopped.
    private var stopped: ContinuousClock.Instant?
    /// Why there is none.
    private var failure: Loss?

    private static let lookInterval = Duration.milliseconds(100)

    /// Starts the process.
    package init(_ task: DeviceTask, _ limits: Limits) {
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
        self.task = task
        self.group = group
        self.limits = limits
        do {
            try begin()
        } catch {
            failure = Loss(description: "its process cannot be started: \(error.reasonLine)")
        }
    }

    deinit {
        end()
        group?.remove()
    }

    private func begin() throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve-device"]
        // It is no rank.
        process.environment = ProcessInfo.processInfo.environment.filter { name, _ in
            !["OMPI_", "PMIX_", "PMI_", "SLURM_", "HYDI_", "HYDRA_"].contains { name.hasPrefix($0) }
        }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // A process that has ended already is seen by its silence.
        try? write(task)
        if task.followedRelease == nil { try? input.fileHandleForWriting.close() }
    }

    /// Writes a line to the process, which reads them one by one.
    ///
    /// - Throws: When nobody reads any more: the process has ended, which its silence shows soon after.
    private func write(_ value: some Encodable) throws {
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(value) + [UInt8(ascii: "\n")])
    }

    /// Tells the process of a release. Files of it are written for the process to read; bytes go through no pipe, which could be full.
    ///
    /// - Throws: `FileError` when they cannot be written.
    package func tell(_ order: ReleaseOrder) throws {
        guard process.isRunning, task.followedRelease != nil else { return }
        guard case .offer(var release) = order else {
            try? write(order)
            return
        }
        // It reads files; what came between ranks are bytes.
        let folder = try files ?? PrivateFolder()
        files = folder
        for index in release.models.indices {
            guard let bytes = release.models[index].bytes else { continue }
            let file = folder.url.appendingPathComponent("\(release.number)-\(index).safetensors").path
            try FileDraft.replace(file, with: [UInt8](bytes).span.bytes)
            (release.models[index].path, release.models[index].bytes) = (file, nil)
        }
        try? write(ReleaseOrder.offer(release))
    }

    /// What has come since the last call, as ``report()`` has read it.
    package func news() -> [ReleaseNews] {
        defer { said = [] }
        return said
    }

    package func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    package func report() -> DeviceReport? {
        do {
            if let failure { throw failure }
            guard try read() else {
                try checkLimits()
                return nil
            }
            return try answer()
        } catch {
            end()
            var report = DeviceReport(index: task.index, device: task.device)
            report.failure = "\(error)"
            return report
        }
    }

    /// Takes what has come.
    /// - Returns: whether there will be no more.
    private func read() throws(Loss) -> Bool {
        let descriptor = output.fileHandleForReading.fileDescriptor
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 0) > 0 else { return false }
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count > 0 {
                data.append(contentsOf: chunk[..<count])
                try takeLines()
            } else if count == 0 || errno != EINTR {
                return true
            }
        }
    }

    /// Takes the lines that are complete: news, and at the end the report.
    private func takeLines() throws(Loss) {
        while let end = data.firstIndex(of: UInt8(ascii: "\n")) {
            let line = data[data.startIndex..<end]
            data = Data(data[data.index(after: end)...])
            switch try? JSONDecoder().decode(DeviceMessage.self, from: line) {
            case .news(let news)?: said.append(news)
            case .report(let report)?: outcome = report
            case nil: throw Loss(description: "its process said something else than a report")
            }
        }
    }

    private func checkLimits() throws(Loss) {
        let now = ContinuousClock.now
        guard now - lastLook >= Self.lookInterval else { return }
        lastLook = now
        guard now - start <= .seconds(limits.whole) else {
            throw Loss(description: "no answer within \(NumberText.duration(limits.whole))")
        }
        guard ProcessState(of: process.processIdentifier) == .stopped else {
            stopped = nil
            return
        }
        let since = stopped ?? now
        stopped = since
        guard now - since <= .seconds(limits.stopped) else {
            throw Loss(description: "its process was stopped for \(NumberText.duration(limits.stopped)), and is ended")
        }
    }

    private func answer() throws(Loss) -> DeviceReport {
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let end =
                process.terminationReason == .uncaughtSignal
                ? "was killed by signal \(process.terminationStatus)" : "ended with code \(process.terminationStatus)"
            throw Loss(description: "its process \(end)" + Self.memoryNote(task))
        }
        guard let report = outcome else {
            throw Loss(description: "its process said something else than a report")
        }
        return report
    }

    /// What may be behind a failure.
    package static func memoryNote(_ task: DeviceTask) -> String {
        guard task.enforcesLimits, task.device.origin(of: .ramMegabytes) == .stated else { return "" }
        return ", held to \(NumberText.fixed(task.device.ramMegabytes, 0)) MB of memory"
    }
}
