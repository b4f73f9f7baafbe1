public import FedCore

/// An attack that drowns the update in Gaussian noise, with a deviation of `scale` times the update's own root
/// mean square. Values past Float's range become its largest.
///
/// After the Gaussian attacker of P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, *Machine Learning
/// with Adversaries: Byzantine Tolerant Gradient Descent*, NeurIPS 2017, arXiv:1703.02757, whose deviation of
/// 200 is relative here, so that it means the same for every model.
public struct ScaledNoise: UpdateAttack {
    public static let name = "scaled-noise"
    public static let summary = "adds noise to its update; scale (10), of the update's root mean square"

    /// Deviation of the noise in root mean squares of the update, > 0; 10 by default.
    public var scale: Double

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        scale = try options.number("scale", default: 10, "above 0") { $0 > 0 }
    }

    public func forge(_ update: inout MutableSpan<Float>, stream: inout RandomStream) {
        let deviation = scale * update.span.norm / Double(max(update.count, 1)).squareRoot()
        for i in update.indices {
            update[unchecked: i] = Float(Double(update[unchecked: i]) + deviation * stream.normal()).boundedToFinite
        }
    }
}
