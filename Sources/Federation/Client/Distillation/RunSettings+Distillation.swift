public import NeuralNet
public import Records

extension RunSettings {
    /// How clients learn from the teacher: `--temperature` and `--hard-weight`, with defaults for what is not set; nil
    /// without a teacher.
    public var distillationLoss: DistillationLoss? {
        guard teacher != nil else { return nil }
        return DistillationLoss(
            temperature: temperature ?? Self.defaultTemperature, hardWeight: hardWeight ?? Self.defaultHardWeight)
    }
}
