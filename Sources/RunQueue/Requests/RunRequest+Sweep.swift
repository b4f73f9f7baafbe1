public import FedCore
public import Foundation
public import RunStore

/// Sweeps: one request for all runs of a grid, which `fedmpi sweep` does.
extension RunRequest {
    /// Wants every run of a grid. Its ``settings`` are then what a sweep's file has: `base`, `grid` and the rest.
    ///
    /// - Parameters:
    ///   - base: settings of all runs, by name.
    ///   - grid: lists of values by setting: every combination of them is a run.
    ///   - ranks: MPI ranks, which the sweep shares out among runs side by side.
    ///   - name: name of the sweep's folder; nil makes one of the request's number.
    ///   - submitter: the name of who asks.
    public init(
        sweeping grid: [String: [RequestedValue]], base: [String: RequestedValue], ranks: Int, name: String? = nil,
        by submitter: String
    ) {
        var file: [String: RequestedValue] = [:]
        if !base.isEmpty { file["base"] = .mapping(base) }
        if !grid.isEmpty { file["grid"] = .mapping(grid.mapValues { .list($0) }) }
        self.init(settings: file, ranks: ranks, name: name, by: submitter)
        command = .sweep
    }

    /// Reads a request: an object with `grid` or `cases` or both, and, if need be, `base`, `ranks_per_run`, `target`, `ranks`, `name`,
    /// `launcher`, `cores` and `note`. A setting of `base` that is `null` is not given.
    ///
    /// - Parameters:
    ///   - json: the object.
    ///   - submitter: the name of who asks, which the object does not say.
    /// - Throws: `ConfigurationError` when it is something else, or has other fields.
    public init(sweepJSON json: Data, by submitter: String) throws(ConfigurationError) {
        let fields = try StrictJSON.read(SweepFields.self, SweepFields.CodingKeys.self, json)
        self.init(
            sweeping: fields.grid ?? [:], base: (fields.base ?? [:]).compactMapValues { $0 }, ranks: fields.ranks ?? 1,
            name: fields.name, by: submitter)
        if let cases = fields.cases { settings["cases"] = .list(cases.map { .mapping($0) }) }
        if let ranks = fields.ranksPerRun { settings["ranks-per-run"] = .number("\(ranks)") }
        if let target = fields.target { settings["target"] = .number("\(target)") }
        launcher = fields.launcher ?? .mpirun
        cores = fields.cores
        note = fields.note ?? ""
    }

    /// The object that asks for a sweep.
    private struct SweepFields: Decodable {
        var base: [String: RequestedValue?]?
        var grid: [String: [RequestedValue]]?
        var cases: [[String: RequestedValue]]?
        var ranksPerRun: Int?
        var target: Double?
        var ranks: Int?
        var name: String?
        var launcher: QueuedRun.Launcher?
        var cores: Int?
        var note: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case base, grid, cases, target, ranks, name, launcher, cores, note
            case ranksPerRun = "ranks_per_run"
        }
    }

    /// Settings of runs that the request gives: its own, or those of a sweep's parts, in which one that varies has a list.
    var givenSettings: [[String: RequestedValue]] {
        guard command == .sweep else { return [settings] }
        var given: [[String: RequestedValue]] = []
        for (key, value) in settings {
            switch (key, value) {
            case ("base", .mapping(let settings)), ("grid", .mapping(let settings)): given.append(settings)
            case ("cases", .list(let cases)):
                for case .mapping(var settings) in cases {
                    settings["name"] = nil
                    given.append(settings)
                }
            default: break
            }
        }
        return given
    }

    /// Threads of a rank: as many as the settings say, or the most that a run of a sweep has.
    var threads: Int {
        let values = givenSettings.compactMap { $0["threads"] }.flatMap { value in
            if case .list(let values) = value { values } else { [value] }
        }
        return max(1, values.compactMap { $0.scalar.flatMap { Int($0) } }.max() ?? 1)
    }
}
