public import FedCore

/// A new setting is a stored property of `RunSettings` and a line in one of these; a new group is a file and a line here.
extension RunSettings: SettingsSet {
    public static var groups: [any SettingsGroup<RunSettings>.Type] {
        [
            GeneralSettings.self, ClientSettings.self, StrategySettings.self, AttackSettings.self, ModelSettings.self,
            DistillationSettings.self, DataSettings.self, LocalTrainingSettings.self, ExchangeSettings.self,
            FailureSettings.self, SimulationSettings.self, SplitTrainingSettings.self,
        ]
    }
}

extension RunSettings.ServerPart: SettingValue {
    public typealias Content = Self
}

extension RunSettings.OnFailure: SettingValue {
    public typealias Content = Self
}

extension RunSettings.LatePolicy: SettingValue {
    public typealias Content = Self
}
