import Codecs
import Devices
import FedCore
import Records

// How updates and weights are encoded.
extension Job {
    /// The codec that the settings name, if it suits the wire; nil when they name none.
    /// - Parameters:
    ///   - settings: the run's settings; `compress` is a codec's name or a pipeline.
    ///   - wire: the wire that they name.
    ///   - plugins: the catalogs that codecs and stages are looked up in.
    ///   - strategy: says whether there are rounds, at the beginning of which a codec can change.
    ///   - vectors: lengths of what comes up.
    /// - Throws: `ConfigurationError` when there is no such codec, the wire sends sums, which it cannot shorten, or the
    ///   codec changes and nobody can say when.
    static func codec(
        _ settings: RunSettings, _ wire: any Wire.Type, _ strategy: any Strategy, _ vectors: JobVectors,
        _ plugins: Plugins
    ) throws(ConfigurationError) -> (any UpdateCodec)? {
        guard let text = settings.compress else { return nil }
        let codec = try plugins.codecs.codec(text)
        guard codec.levels.count == 1 || strategy.asynchronous == nil else {
            throw ConfigurationError(
                "--compress \(codec.description.shellWord) changes at the beginning of rounds, and strategy "
                    + "'\(settings.strategy)' has none; give it one codec")
        }
        guard codec.levels.count == 1 || strategy.personalization != .parameters else {
            throw ConfigurationError(
                "--compress \(codec.description.shellWord) changes when the server's test loss stalls, and strategy "
                    + "'\(settings.strategy)' leaves the server without a model to test; give it one codec")
        }
        guard wire.deliversEachUpdate || codec.hasSharedPlaces && !vectors.shape.isScaled else {
            let reason =
                codec.hasSharedPlaces
                ? "leaves numbers out, and strategy '\(settings.strategy)' has its updates summed in levels, whole"
                : "shortens each client's update by itself, and --wire \(settings.wire) sends sums, which only 'randk' shortens: "
                    + "its places are all clients'"
            throw ConfigurationError(
                "--compress \(codec.description.shellWord) \(reason); use "
                    + plugins.wires.options { $0.deliversEachUpdate })
        }
        return codec
    }

    /// How weights go down in coded form, if the settings want that.
    /// - Parameters:
    ///   - settings: the run's settings; `compressDown` is a codec's name or a pipeline.
    ///   - strategy: says whether there are rounds, of which one is a change of the one before.
    ///   - vectors: lengths of what goes down.
    ///   - plugins: the catalogs that codecs and stages are looked up in.
    /// - Throws: `ConfigurationError` when there is no such codec, and for a server without rounds.
    static func downlink(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors, _ plugins: Plugins
    ) throws(ConfigurationError) -> DownlinkFormat? {
        guard let text = settings.compressDown else { return nil }
        let codec = try plugins.codecs.codec(text, of: "--compress-down")
        guard codec.levels.count == 1 else {
            throw ConfigurationError("--compress-down takes one codec for the whole run, not '\(codec.description)'")
        }
        guard strategy.asynchronous == nil else {
            throw ConfigurationError(
                "--compress-down sends changes of the weights of the round before, and strategy '\(settings.strategy)' has no "
                    + "rounds: its clients start from weights of any age")
        }
        return DownlinkFormat(
            vectors.compression(by: codec, seed: settings.seed, ofUpdate: false), floats: vectors.down,
            clients: settings.clients)
    }
}

/// What a codec makes of a round's bytes, before it starts.
package struct CodedTraffic {
    /// The codec as it was written.
    package let codec: String
    /// Whether a message is a rank's sum; otherwise it is a client's.
    package var isSum = false
    /// Bytes of one message in coded form; the most that it can be where encodings differ in length.
    package let bytes: Int
    /// Whether it is always as long.
    package let isExact: Bool
    /// Bytes of the same message without a codec.
    package let plainBytes: Int
}

extension Job {
    /// What `--compress` makes of the way up; nil without it.
    package var codedUplink: CodedTraffic? {
        guard settings.compress != nil else { return nil }
        return compression.map {
            if !wire.deliversEachUpdate, let places = $0.sharedPlaces(of: vectors.up, RoundID(1)) {
                return CodedTraffic(
                    codec: $0.codec.description, isSum: true,
                    bytes: 8 * PartialSum(vectors.shape, [], at: places).wordCount, isExact: $0.codec.isFixedLength,
                    plainBytes: 8 * PartialSum(vectors.shape, []).wordCount)
            }
            return CodedTraffic(
                codec: $0.codec.description, bytes: uploadBytes, isExact: $0.codec.isFixedLength,
                plainBytes: AnswerFormat(updateFloats: vectors.up).uploadBytes)
        }
    }

    /// What `--compress-down` makes of the way down, for a client that was asked in the round before; nil without it.
    package var codedDownlink: CodedTraffic? {
        downlink.map {
            CodedTraffic(
                codec: $0.compression.codec.description, bytes: downloadFrameBytes + $0.capacity,
                isExact: $0.compression.codec.isFixedLength, plainBytes: downloadBytes)
        }
    }
}
