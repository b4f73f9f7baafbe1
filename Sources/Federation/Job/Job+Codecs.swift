import Codecs
import Devices
import FedCore
import Records

// How updates and weights are encoded.
extension Job {
    /// The codec that the settings name, if the wire brings updates up one by one; nil when they name none.
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
    static func downlink(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors, _ plugins: Plugins
    ) throws(ConfigurationError) -> DownlinkFormat? {
        guard let text = settings.compressDown else { return nil }
        let codec = try plugins.codecs.codec(text)
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
