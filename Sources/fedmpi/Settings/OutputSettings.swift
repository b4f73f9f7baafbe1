import FedCore

/// What a run prints and leaves; nothing of it changes a run's result.
struct OutputSettings: SettingsSet {
    var results = "results"
    /// nil: date and time.
    var runName: String?
    var checkpointEvery = 1
    var timing = Switch.on
    var noReport = false
    var tensorboard = false
    var noHistory = false
    var json = false
    var quiet = false

    static var groups: [any SettingsGroup<OutputSettings>.Type] { [OutputGroup.self] }
}

/// Declares them.
enum OutputGroup: SettingsGroup {
    static let title = "Output"

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
            "no-history", &settings.noHistory, resumable: true,
            "Leave the run out of the history that `fedmpi runs` shows.")
        try visitor.value(
            "json", &settings.json, resumable: true, "Print one JSON object per line instead of a table.")
        try visitor.value("quiet", &settings.quiet, resumable: true, "Print nothing but errors.")
    }
}

/// On or off.
enum Switch: String, SettingValue, CaseIterable {
    typealias Content = Switch
    case on, off
}
