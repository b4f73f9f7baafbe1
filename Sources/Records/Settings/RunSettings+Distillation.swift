import FedCore

extension RunSettings {
    /// The temperature T of a run that names a teacher and no temperature: found on a validation seed, see
    /// `results/distillation.md`.
    public static let defaultTemperature: Float = 4
    /// The weight w of a run that names a teacher and no weight: found on a validation seed, see
    /// `results/distillation.md`.
    public static let defaultHardWeight: Float = 0.5

    /// Makes these the settings of clients that distil.
    ///
    /// - Parameters:
    ///   - teacher: the path of a weights file or of a run's folder; nil lets clients learn from labels alone.
    ///   - temperature: the temperature, > 0; nil takes the default.
    ///   - hardWeight: the share of the labels' loss, in [0, 1]; nil takes the default.
    public mutating func distil(from teacher: String?, temperature: Float?, hardWeight: Float?) {
        self.teacher = teacher
        // Without a teacher they stay as they are given, to be refused.
        self.temperature = temperature ?? (teacher == nil ? nil : Self.defaultTemperature)
        self.hardWeight = hardWeight ?? (teacher == nil ? nil : Self.defaultHardWeight)
    }
}
