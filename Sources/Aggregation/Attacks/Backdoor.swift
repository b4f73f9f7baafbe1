public import FedCore

/// A backdoor: a share of the attacker's samples gets a trigger, a white square in the bottom right corner, and
/// the target's label. The model is to see the target in whatever bears the trigger, and to be right about
/// everything else, so that its accuracy gives nothing away.
///
/// T. Gu, B. Dolan-Gavitt, S. Garg, *BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply
/// Chain*, 2017, arXiv:1708.06733; in federated learning E. Bagdasaryan, A. Veit, Y. Hua, D. Estrin, V.
/// Shmatikov, *How To Backdoor Federated Learning*, AISTATS 2020, arXiv:1807.00459.
public struct Backdoor: TriggerAttack {
    public static let name = "backdoor"
    public static let summary = "trains a trigger, a white corner, to mean one class; target (0), share (0.5), size (3)"

    /// Class for which images with the trigger are to be taken; option `target`, 0 by default.
    public var target: Int
    /// Share of the attacker's samples that get the trigger, in [0, 1]; option `share`, 0.5 by default.
    public var share: Float
    /// Side of the square in pixels, ≥ 1; option `size`, 3 by default.
    public var size: Int

    /// Reads the options.
    ///
    /// - Throws: `ConfigurationError` when one is out of range; whether they fit the data,
    ///   ``validate(classes:height:width:)`` finds.
    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        target = try options.integer("target", default: 0, "a class") { (0...Int(Int32.max)).contains($0) }
        share = try options.number("share", default: 0.5, "from 0 to 1") { (0...1).contains($0) }
        size = try options.integer("size", default: 3, "at least 1") { $0 >= 1 }
    }

    public func validate(classes: Int, height: Int, width: Int) throws(ConfigurationError) {
        guard target < classes else {
            throw ConfigurationError("attack 'backdoor': target is \(target), and the classes are 0 to \(classes - 1)")
        }
        guard size <= min(height, width) else {
            throw ConfigurationError("attack 'backdoor': size is \(size), and images are \(height)×\(width)")
        }
    }

    public func poison(
        _ image: inout MutableSpan<Float>, label: inout Int32, height: Int, width: Int, classes: Int,
        stream: inout RandomStream
    ) {
        guard stream.uniform() < share else { return }
        stamp(&image, height: height, width: width)
        label = Int32(target)
    }

    /// Sets the square to 1, white, in every channel.
    public func stamp(_ image: inout MutableSpan<Float>, height: Int, width: Int) {
        for plane in stride(from: 0, to: image.count, by: height * width) {
            for y in max(0, height - size)..<height {
                for x in max(0, width - size)..<width { image[plane + y * width + x] = 1 }
            }
        }
    }
}
