import Analysis
import ArgumentParser
import FedCore
import Files
import Foundation
import Recording

/// The command `fedmpi trace`: writes a recorded run's time as a trace for other programs.
///
/// It reads only what the run has recorded, like ``Report``, so it works on a run that is under way and on one that
/// was killed. Sending is left to programs that are there for it.
///
/// Exit codes: 0; 2 without such a run or its timing files, and for a file that cannot be written.
struct Trace: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Write a run's trace, for Perfetto or OpenTelemetry.",
        discussion: """
            Without --otlp trace.json is written anew in the run's folder, for Perfetto (https://ui.perfetto.dev); a run
            that is finished has it already. For OpenTelemetry, sent to a collector, Jaeger or Tempo on this machine:
            fedmpi trace results/my-run --otlp - |
              curl -sf -H 'Content-Type: application/json' --data-binary @- \\
              http://localhost:4318/v1/traces
            """)

    /// Path of the run's folder, or its name in ``results``; a path that is a folder wins.
    @Argument(help: ArgumentHelp("The run's folder, or its name in --results.", valueName: "run"))
    var name: String

    /// Path of the file; `-` is standard output. Nil: the trace is Perfetto's.
    @Option(help: ArgumentHelp("The file to write in OTLP/JSON; - is standard output.", valueName: "file"))
    var otlp: String?

    @Option(help: "Folder of all runs.")
    var results = "results"

    @OptionGroup var overwrite: OverwriteOption
    @OptionGroup var json: JSONOption

    /// What `--json` prints.
    private struct Written: Encodable {
        let file: String
        /// Nil: it is for Perfetto.
        let spans: Int?
        let ranks, bytes: Int
    }

    /// Reads the run and writes its trace; says what is in the file, unless that is standard output.
    ///
    /// - Throws: `ConfigurationError` when there is no such run, it has no timing files, or the file cannot be written.
    /// - Complexity: O(events in the timing files), all in memory.
    func run() throws {
        guard let otlp else { return try writeForPerfetto() }
        let file = otlp == "-" ? nil : try OutputFile(otlp, overwrite)
        let trace = try OTLPTrace(RecordedRun(name, results: results))
        guard let file else { return Console.output(String(decoding: trace.bytes, as: UTF8.self), terminator: "") }
        try file.write(trace.bytes)
        try json.print(
            Written(file: otlp, spans: trace.spans, ranks: trace.ranks, bytes: trace.bytes.count),
            "trace     \(otlp), \(Format.grouped(trace.spans)) spans of \(Format.count(trace.ranks, "rank")), "
                + "\(Format.grouped(trace.bytes.count)) bytes")
    }

    /// Writes `trace.json` into the run's folder.
    private func writeForPerfetto() throws {
        let recorded = try RecordedRun(name, results: results)
        try recorded.requireTiming()
        let written: (file: URL, bytes: Int)
        do throws(FileError) { written = try RunReport(recorded).writeTrace() } catch {
            throw ConfigurationError(
                "cannot write into '\(recorded.folder.path)': \(OutputTroubles.reason(error))")
        }
        let path = written.file.relativePath
        try json.print(
            Written(file: path, spans: nil, ranks: recorded.timing.ranks.count, bytes: written.bytes),
            "trace     \(path), for https://ui.perfetto.dev; --otlp FILE writes one for OpenTelemetry")
    }
}
