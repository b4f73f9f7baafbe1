/// A strategy whose clients train parts of the global model, as wide as their devices can bear.
///
/// A client of width r trains a model of the same layers in which every hidden layer has ⌈rK⌉ of its K channels (or
/// features), a *window* of them. Its weights are those of the global model between the channels of its windows; the
/// first layer's inputs and the last layer's outputs are always all there. At the server an element of the global
/// weights moves by the weighted mean of the clients whose window covers it, and one that no client of the round covers
/// stays as it is.
///
/// Or parts are as deep as the devices bear (``SubmodelDimension/depth``): the model up to an exit.
///
/// A strategy says which width a client trains in a round, and where its windows are. Both must follow from the
/// arguments alone: every rank, and the server when it averages, asks for them by itself.
///
/// Elements that a client does not have are zero in its update, so ``Strategy/apply(_:to:in:)`` receives what it always
/// does: the mean update, which the server has divided element by element by the weight that covers it. Nothing crosses
/// beside the update, and clients keep nothing: ``Strategy/traffic`` and ``Strategy/personalization`` stay at their
/// defaults.
public protocol SubmodelStrategy: Strategy {
    /// The widths of clients where a run names none, as `--widths` reads them.
    static var defaultWidths: String { get }

    /// What parts are a share of; by default the channels of each layer.
    var dimension: SubmodelDimension { get }

    /// Whether a client's loss takes the scores of classes of which it holds no sample for zero; false by default.
    var masksAbsentClasses: Bool { get }

    /// λ of a round, ≥ 0: how much the exits of a client's model learn from each other, where parts are a share of the
    /// exits; 0 by default.
    func consistency(round: Int) -> Double

    /// The width that a client trains in a round; its own by default.
    /// - Parameters:
    ///   - client: number of the client.
    ///   - round: the round, from 1.
    ///   - own: the widest model that it can train, an index into the run's widths.
    ///   - widths: the run's widths, from the widest on.
    ///   - seed: the run's seed.
    /// - Returns: an index into the widths, `own` or more.
    func width(ofClient client: Int, round: Int, own: Int, of widths: [Double], seed: UInt64) -> Int

    /// The first channel of a hidden layer's window, which goes on at 0 behind the last channel; 0 by default, so that
    /// narrower models are nested in wider ones.
    /// - Parameters:
    ///   - channels: number of channels of the layer in the global model.
    ///   - round: the round, from 1.
    /// - Returns: a number in 0 ..< channels.
    func firstChannel(of channels: Int, round: Int) -> Int
}

extension SubmodelStrategy {
    public var submodels: (any SubmodelStrategy)? { self }

    public var dimension: SubmodelDimension { .width }

    public var masksAbsentClasses: Bool { false }

    public func consistency(round: Int) -> Double { 0 }

    public func width(ofClient client: Int, round: Int, own: Int, of widths: [Double], seed: UInt64) -> Int { own }

    public func firstChannel(of channels: Int, round: Int) -> Int { 0 }

    /// The window of a hidden layer in a round: the channels that a client of some width trains.
    /// - Parameters:
    ///   - share: the width, in (0, 1].
    ///   - channels: number of channels of the layer in the global model.
    ///   - round: the round, from 1.
    /// - Returns: ascending ranges, ⌈share · channels⌉ channels together: one, or two if the window goes on at 0.
    public func window(_ share: Double, of channels: Int, round: Int) -> [Range<Int>] {
        let count = ClientWidths.channels(share, of: channels)
        guard count < channels else { return [0..<channels] }
        let first = firstChannel(of: channels, round: round)
        let end = first + count
        return end <= channels ? [first..<end] : [0..<end - channels, first..<channels]
    }
}

/// What the parts of a model are a share of.
public enum SubmodelDimension: String, Sendable {
    /// The channels of each hidden layer.
    case width
    /// The exits, and what they need, of a model that ends with the mean of several.
    case depth
}
