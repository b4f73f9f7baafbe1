public import FedCore

/// The groups of settings, from which flags, configuration files, help and the broadcast are made.
///
/// A new setting is a stored property of `RunSettings` and a line in one of these; a new group is a file and a
/// line here.
extension RunSettings: SettingsSet {
    /// The groups, in the order of `--help` and of docs/SETTINGS.md.
    public static var groups: [any SettingsGroup<RunSettings>.Type] {
        [
            GeneralSettings.self, ClientSettings.self, StrategySettings.self, AttackSettings.self, ModelSettings.self,
            DistillationSettings.self, DataSettings.self, LocalTrainingSettings.self, ExchangeSettings.self,
            EdgeSettings.self, PrivacySettings.self, SecureSettings.self, FailureSettings.self, SimulationSettings.self,
            FleetSettings.self,
            SplitTrainingSettings.self,
        ]
    }
}

extension RunSettings.ServerPart: SettingValue {
    public typealias Content = Self
}

extension Precision: SettingValue {
    public typealias Content = Precision
}

extension RunSettings.OnFailure: SettingValue {
    public typealias Content = Self
}

extension RunSettings.Switch: SettingValue {
    public typealias Content = Self
}

extension RunSettings.LatePolicy: SettingValue {
    public typealias Content = Self
}
