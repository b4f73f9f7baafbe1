public import NeuralNet
public import Records

extension RunSettings {
    /// How clients learn from the teacher; nil without one.
    public var distillationLoss: DistillationLoss? {
        guard teacher != nil else { return nil }
        return DistillationLoss(
            temperature: temperature ?? Self.defaultTemperature, hardWeight: hardWeight ?? Self.defaultHardWeight)
    }
}
