import FedCore
import Records

/// The groups of settings that a command takes.
protocol SettingsScope {
    /// Sections of its `--help`.
    static var groups: [any SettingsGroup.Type] { get }

    /// Groups whose settings may stand in a file and are passed over, because the file is another command's, too.
    static var passedOver: [any SettingsGroup.Type] { get }
}

extension SettingsScope {
    static var passedOver: [any SettingsGroup.Type] { [] }

    /// Declarations of what it takes, in the order of `--help`.
    static var settings: [SettingDescription] { groups.flatMap { $0.description.settings } }

    static var names: [String] { settings.map(\.name) }
}

/// What training takes, whole models and those in two parts.
enum TrainingScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunScope.groups + RunScope.passedOver
    }
}

/// All there are, for help texts and documents.
enum EveryScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunSettings.groups.map { $0 as any SettingsGroup.Type } + RunScope.passedOver
    }
}

/// What `fedmpi split-train` takes.
enum SplitTrainingScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] { [SplitTrainingSettings.self] + TrainingScope.groups }
}

/// What decides a run's result; `fedmpi partition` takes it, from a file of training's.
enum RunScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunSettings.groups.map { $0 as any SettingsGroup.Type }.filter { $0 != SplitTrainingSettings.self }
    }

    static var passedOver: [any SettingsGroup.Type] { OutputSettings.groups.map { $0 as any SettingsGroup.Type } }
}
