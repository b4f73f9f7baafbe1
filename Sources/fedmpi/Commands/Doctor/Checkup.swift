import Analysis
import FedCore
import Files
import Foundation
import MPI

/// What `fedmpi doctor` concludes from what the ranks have seen, and what is to be done about it.
enum Checkup {
    /// One answer.
    struct Finding: Equatable {
        /// What it is about.
        let name: String
        /// What was found.
        let text: String
        /// What to do; nil when all is well.
        var advice: String?
        /// Whether a run cannot go well before it is done.
        var isFatal = false
    }

    /// Seconds of difference between clocks that are no trouble: files of two hosts would tell of the future.
    private static let mostSkew = 1.0
    /// Shares of stolen time, and runnable processes per core, above which figures of speed mean little.
    private static let (mostSteal, mostLoad) = (0.05, 1.0)
    /// Free bytes below which a long run may not have room for its checkpoints.
    private static let leastFree = 1_000_000_000

    /// The findings about hosts, and about rank 0's surroundings.
    ///
    /// - Parameters:
    ///   - facts: of each rank, in their order.
    ///   - results: the folder of all runs.
    static func findings(_ facts: [HostFacts], results: String) -> [Finding] {
        [binaries(facts), processors(facts), clocks(facts), load(facts), disk(results), pictures]
    }

    /// Ranks of different builds would disagree about frames; the digest of the program tells.
    static func binaries(_ facts: [HostFacts]) -> Finding {
        let kinds = Dictionary(grouping: facts, by: \.binary)
        guard kinds.count > 1 else {
            return Finding(name: "program", text: "the same on every rank, \(facts[0].binary)")
        }
        let others = facts.enumerated().filter { $0.element.binary != facts[0].binary }
        return Finding(
            name: "program", text: "another one on \(places(others.map(\.element.host)))",
            advice: "copy rank 0's fedmpi to these hosts, or put it on a shared file system")
    }

    /// The bits of a run depend on the instruction set.
    static func processors(_ facts: [HostFacts]) -> Finding {
        let kinds = Set(facts.map(\.instructions))
        guard kinds.count > 1 else { return Finding(name: "vectors", text: "\(facts[0].instructions) on every rank") }
        let weakest = facts.enumerated().filter { $0.element.instructions != facts[0].instructions }.map(\.element)
        return Finding(
            name: "vectors",
            text:
                "\(kinds.sorted().joined(separator: " and ")); others than rank 0's on \(places(weakest.map(\.host)))",
            advice:
                "weights will differ in their last bits from runs on one kind; mpirun -x ONEDNN_MAX_CPU_ISA=AVX2 makes them alike"
        )
    }

    /// Wall clocks that differ.
    static func clocks(_ facts: [HostFacts]) -> Finding {
        let worst = facts.max { abs($0.skew) < abs($1.skew) } ?? facts[0]
        let text =
            "\(Format.fixed(abs(worst.skew) * 1e3, 1)) ms apart at most, read to \(Format.fixed((facts.map(\.skewError).max() ?? 0) * 1e3, 1)) ms"
        guard abs(worst.skew) - worst.skewError > mostSkew else { return Finding(name: "clocks", text: text) }
        return Finding(
            name: "clocks", text: text,
            advice:
                "run chrony or systemd-timesyncd on \(worst.host); timing is aligned by messages, dates of files are not"
        )
    }

    /// Hosts that do something else, or get less than they seem to have.
    static func load(_ facts: [HostFacts]) -> Finding {
        let byHost = Dictionary(facts.map { ($0.host, $0) }) { first, _ in first }.values.sorted { $0.host < $1.host }
        let busy = byHost.filter { $0.steal > mostSteal || $0.load > mostLoad * Double($0.cores) }
        let steal = byHost.map(\.steal).max() ?? 0
        let text =
            "load \(Format.fixed(byHost.map(\.load).max() ?? 0, 2)) at most on \(byHost[0].cores) cores, \(Format.percent(steal)) of the time stolen"
        guard !busy.isEmpty else { return Finding(name: "load", text: text) }
        return Finding(
            name: "load", text: text,
            advice: "figures of speed will be noisy: something else runs on \(places(busy.map(\.host)))")
    }

    /// Where runs go.
    static func disk(_ results: String) -> Finding {
        let disk = Disk(of: results)
        let text =
            "'\(results.printable)' on '\(disk.mountPoint.printable)', \(Format.fixed(Double(disk.freeBytes) / 1e9, 1)) GB free"
        let place = FileManager.default.fileExists(atPath: results) ? results : Folder.above(results)
        guard access(place, W_OK) == 0 else {
            return Finding(
                name: "results", text: text + ", not writable", advice: "choose another folder by --results",
                isFatal: true)
        }
        guard disk.freeBytes < leastFree else { return Finding(name: "results", text: text) }
        return Finding(
            name: "results", text: text,
            advice: "make room, or choose another disk by --results; --checkpoint-every 0 saves only at a stop")
    }

    /// Whether pictures can be drawn.
    static var pictures: Finding {
        guard let gnuplot = Gnuplot.found else {
            return Finding(
                name: "pictures", text: "gnuplot is missing",
                advice: "apt-get install gnuplot-nox, else reports have no pictures")
        }
        return Finding(name: "pictures", text: "by \(gnuplot.path)")
    }

    /// Hosts, each once, for a sentence.
    private static func places(_ hosts: [String]) -> String {
        let names = Set(hosts).sorted()
        return names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }

    // MARK: Hosts by ssh

    /// The name by which Open MPI calls a host: up to its first dot, unless it is an address or it was told to keep the rest.
    static func called(_ host: String, keepsDomains: Bool) -> String {
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return keepsDomains || isAddress ? host : host.prefix { $0 != "." }.description
    }

    /// Asks each host of a hostfile by ssh, as Open MPI will: by the same name, without a password, within five seconds.
    ///
    /// - Throws: `ConfigurationError` when the file cannot be read, or has no host.
    static func ask(hostsOf file: String) throws(ConfigurationError) -> [Finding] {
        let kept = ProcessInfo.processInfo.environment["OMPI_MCA_orte_keep_fqdn_hostnames"]
        let keepsDomains = ["1", "true", "yes"].contains(kept?.lowercased())
        return try hosts(ofFile: file).map { written in
            let host = called(written, keepsDomains: keepsDomains)
            let shown = host == written ? host : "\(host) (\(written) without its domain, as mpirun calls it)"
            let own = [MPIWorld.hostName, ProcessInfo.processInfo.hostName, "localhost", "127.0.0.1", "::1"]
            guard !own.contains(host), !own.contains(written) else {
                return Finding(name: "ssh", text: "\(written) is this machine, and needs none")
            }
            let (code, line) = ssh(host)
            guard code != 0 else { return Finding(name: "ssh", text: "\(shown) answers") }
            return Finding(
                name: "ssh", text: "\(shown) does not answer: \(line.printable)",
                advice: line.contains("resolve")
                    ? "look for the name in the hostfile, /etc/hosts and DNS"
                        + (host == written ? "" : "; OMPI_MCA_orte_keep_fqdn_hostnames=1 keeps the domain")
                    : "try `ssh \(host) true`: mpirun needs it to work without a question (ssh-copy-id, known_hosts)",
                isFatal: true)
        }
    }

    /// The hosts of a hostfile, at least one.
    ///
    /// - Throws: `ConfigurationError` when the file cannot be read, or has no host.
    static func hosts(ofFile file: String) throws(ConfigurationError) -> [String] {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ConfigurationError("cannot read the hostfile '\(file)'")
        }
        let hosts = Self.hosts(in: text)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let fault = Self.fault(ofLine: line) else { continue }
            throw ConfigurationError("the hostfile '\(file)', line \(number + 1): \(fault)")
        }
        guard !hosts.isEmpty else { throw ConfigurationError("the hostfile '\(file)' has no host") }
        return hosts
    }

    /// What `mpirun` would not understand in a line, and the most common keywords; nil for a sound line.
    private static func fault(ofLine line: Substring) -> String? {
        let words = line.prefix { $0 != "#" }.replacing("=", with: " = ").split(whereSeparator: \.isWhitespace)
        guard words.count > 1 else { return nil }
        var most: [Bool: Int] = [:]
        var rest = words.dropFirst()
        while let key = rest.popFirst() {
            guard keywords.contains(key.lowercased()) else {
                return "'\(String(key).printable)' is no keyword; a line is HOST, or HOST slots=N max_slots=N"
            }
            guard rest.popFirst() == "=", let value = rest.popFirst() else { return "'\(key)' has no value" }
            guard !numbers.contains(key.lowercased()) || (Int(value) ?? 0) > 0 else {
                return "\(key) is '\(String(value).printable)', not a number of 1 or more"
            }
            if key.lowercased() != "port", let number = Int(value) { most[key.lowercased().contains("max")] = number }
        }
        guard let slots = most[false], let limit = most[true], limit < slots else { return nil }
        return "max_slots is \(limit), less than slots, \(slots)"
    }

    /// Keywords of Open MPI's hostfiles (`orte/util/hostfile/hostfile_lex.l`), and those that take a number.
    private static let numbers: Set<String> = [
        "slots", "count", "cpu", "cpus", "max-slots", "max_slots", "cpu-max", "cpu_max", "cpus-max", "cpus_max",
        "port",
    ]
    private static let keywords = numbers.union(["username", "user-name", "user_name", "user"])

    /// The hosts of a hostfile: the first word of each line, without comments (`man mpirun`).
    static func hosts(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
    }

    /// Runs `true` on a host.
    ///
    /// - Returns: ssh's exit code, and the last line that it said.
    private static func ssh(_ host: String) -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "--", host, "true"]
        let errors = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (
            FileHandle.nullDevice, FileHandle.nullDevice, errors
        )
        do {
            try process.run()
        } catch {
            return (1, error.line)
        }
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (
            process.terminationStatus,
            said.split(whereSeparator: \.isNewline).last.map(String.init)
                ?? "ssh ended with \(process.terminationStatus)"
        )
    }
}
