import FedCore
import Records

/// The groups of settings that a command takes. A scope is a type and not a value, because the parser makes commands
/// from nothing but their types.
protocol SettingsScope {
    /// The groups in the order of the sections of `--help`.
    static var groups: [any SettingsGroup.Type] { get }

    /// Groups whose settings may be given in a file without effect, because the same file is meant for another command,
    /// too. None by default.
    static var passedOver: [any SettingsGroup.Type] { get }
}

extension SettingsScope {
    static var passedOver: [any SettingsGroup.Type] { [] }

    /// The declarations of all settings, in the order of `--help`.
    static var settings: [SettingDescription] { groups.flatMap { $0.description.settings } }

    /// The names of all settings, in the same order.
    static var names: [String] { settings.map(\.name) }
}

/// The settings of `fedmpi train`, `sweep` and `distill`: what decides a result, and what is left behind.
enum TrainingScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunScope.groups + RunScope.passedOver
    }
}

/// All settings that there are, for help texts and documents.
enum EveryScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunSettings.groups.map { $0 as any SettingsGroup.Type } + RunScope.passedOver
    }
}

/// The settings of `fedmpi split-train`: those of training, and where the model is cut.
enum SplitTrainingScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] { [SplitTrainingSettings.self] + TrainingScope.groups }
}

/// The settings that decide a run's result. `fedmpi partition` takes them, and passes over the others in training's
/// file.
enum RunScope: SettingsScope {
    static var groups: [any SettingsGroup.Type] {
        RunSettings.groups.map { $0 as any SettingsGroup.Type }.filter { $0 != SplitTrainingSettings.self }
    }

    static var passedOver: [any SettingsGroup.Type] { OutputSettings.groups.map { $0 as any SettingsGroup.Type } }
}
