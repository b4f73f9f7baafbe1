import Codecs
import Devices
import FedCore
import Records

// How updates and weights are encoded.
extension Job {
    /// The codec that the settings name, if the wire brings updates up one by one; nil when they name none.
    /// - Parameters:
    ///   - settings: the run's settings; `compress` is a codec's name or a pipeline.
    ///   - wire: the wire that they name.
    ///   - plugins: the catalogs that codecs and stages are looked up in.
    /// - Throws: `ConfigurationError` when there is no such codec, or the wire sends sums.
    static func codec(
        _ settings: RunSettings, _ wire: any Wire.Type, _ plugins: Plugins
    ) throws(ConfigurationError) -> (any UpdateCodec)? {
        guard let text = settings.compress else { return nil }
        let codec = try plugins.codecs.codec(text)
        guard wire.deliversEachUpdate else {
            throw ConfigurationError(
                "--compress \(codec.description.shellWord) shortens each client's update, and --wire \(settings.wire) sends sums; "
                    + "use " + plugins.wires.options { $0.deliversEachUpdate })
        }
        return codec
    }

    /// How weights go down in coded form, if the settings want that.
    /// - Parameters:
    ///   - settings: the run's settings; `compressDown` is a codec's name or a pipeline.
    ///   - strategy: says whether there are rounds, of which one is a change of the one before.
    ///   - vectors: lengths of what goes down.
    ///   - plugins: the catalogs that codecs and stages are looked up in.
    /// - Throws: `ConfigurationError` when there is no such codec, for a server without rounds, and for links in virtual
    ///   time, whose seconds are those of whole weights.
    static func downlink(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors, _ plugins: Plugins
    ) throws(ConfigurationError) -> DownlinkFormat? {
        guard let text = settings.compressDown else { return nil }
        let codec = try plugins.codecs.codec(text, of: "--compress-down")
        guard strategy.asynchronous == nil else {
            throw ConfigurationError(
                "--compress-down sends changes of the weights of the round before, and strategy '\(settings.strategy)' has no "
                    + "rounds: its clients start from weights of any age")
        }
        guard settings.simulation.link.isIdeal || !settings.simulation.isVirtual else {
            throw ConfigurationError(
                "--compress-down is not for links in virtual time, which counts weights as they are; use --real-delays")
        }
        return DownlinkFormat(
            vectors.compression(by: codec, seed: settings.seed, ofUpdate: false), floats: vectors.down,
            clients: settings.clients)
    }
}

/// What a codec makes of the bytes of a client's round, before it starts.
package struct CodedTraffic {
    /// The codec as it was written.
    package let codec: String
    /// Bytes of one client's message in coded form; the most that it can be where encodings differ in length.
    package let bytes: Int
    /// Whether it is always as long.
    package let isExact: Bool
    /// Bytes of the same message without a codec.
    package let plainBytes: Int
}

extension Job {
    /// What `--compress` makes of the way up; nil without it.
    package var codedUplink: CodedTraffic? {
        compression.map {
            CodedTraffic(
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
