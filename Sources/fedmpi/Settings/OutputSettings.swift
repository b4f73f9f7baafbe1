import FedCore

/// What a run prints and leaves behind. Nothing of it changes a run's result, so it is no part of ``RunSettings``, and
/// most of it may be given with `--resume`.
struct OutputSettings: SettingsSet {
    /// The folder of all runs.
    var results = "results"
    /// The name of the run's folder in it; nil takes date and time.
    var runName: String?
    /// Rounds between two checkpoints; 0 saves only when the run is stopped.
    var checkpointEvery = 1
    /// Whether the ranks record their phases in timing files.
    var timing = Switch.on
    /// Whether the run ends without tables, pictures and a report.
    var noReport = false
    /// Whether the curves are also written as TensorBoard events.
    var tensorboard = false
    /// Whether the best model is kept beside the last.
    var keepBest = false
    /// Whether the run is left out of the history.
    var noHistory = false
    /// Whether one JSON object a line is printed instead of a table.
    var json = false
    /// Whether nothing but errors is printed.
    var quiet = false
    /// The port of the page of metrics; 0 takes one that is free; nil serves none.
    var metricsPort: Int?
    /// The collector that telemetry is sent to; nil sends none.
    var otlp: String?
    /// How what is sent is written.
    var otlpEncoding = TelemetryEncoding.protobuf

    /// The groups that declare these settings.
    static var groups: [any SettingsGroup<OutputSettings>.Type] { [OutputGroup.self, MonitoringGroup.self] }
}

/// The declarations of the output settings: names, ranges, defaults and help texts.
enum OutputGroup: SettingsGroup {
    static let title = "Output"

    /// Visits each setting in the order of `--help`. A visitor reads values, lists declarations, or compares.
    static func visit(
        _ settings: inout OutputSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value("results", &settings.results, resumable: true, "Folder of all runs.")
        try visitor.value(
            "run-name", &settings.runName, absent: "date and time", "Name of this run's folder in it.")
        try visitor.value(
            "checkpoint-every", &settings.checkpointEvery, .atLeast(0), resumable: true,
            "Save a checkpoint every so many rounds, at most one a second; 0: only when the run is stopped.")
        try visitor.value(
            "timing", &settings.timing, resumable: true,
            "Record what each rank does with its time, in the run's folder under timing: on or off.")
        try visitor.value(
            "no-report", &settings.noReport, resumable: true,
            "Do not end with tables, pictures and a report; fedmpi report makes them later.")
        try visitor.value(
            "tensorboard", &settings.tensorboard, resumable: true,
            "Also write the curves as TensorBoard events, into the run's folder.")
        try visitor.value(
            "keep-best", &settings.keepBest, resumable: true,
            "Also keep the model of the most accurate round (of a regression, of the largest R²), as best.safetensors.")
        try visitor.value(
            "no-history", &settings.noHistory, resumable: true,
            "Leave the run out of the history that `fedmpi runs` shows.")
        try visitor.value(
            "json", &settings.json, resumable: true, "Print one JSON object per line instead of a table.")
        try visitor.value("quiet", &settings.quiet, resumable: true, "Print nothing but errors.")
    }
}

/// A setting that is on or off and whose default is on, where a flag could only say "on".
enum Switch: String, SettingValue, CaseIterable {
    typealias Content = Switch
    case on, off
}
