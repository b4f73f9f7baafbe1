/// The result of a run of split inference: what `split.json` holds and `--json` prints. Made by rank 0, or by the first
/// device that is left when rank 0 is lost.
///
/// Times are seconds of the run's own clocks. Where ``SplitSettings/isLinkSimulated`` is true, they include the delays
/// of a simulated link, which pass in real time.
public struct SplitReport: Sendable, Codable {
    /// The settings of the run, as rank 0 gave them.
    public var settings: SplitSettings
    /// The model's name.
    public var model: String
    /// Number of layers of the model.
    public var layers: Int
    /// Layers before this index ran on the devices, the others on the server.
    public var cut: Int
    /// Shape of the tensor that crosses the cut, of one image, e.g. `[32, 7, 7]`.
    public var features: [Int]
    /// The predictions by which the cut was chosen; nil unless it was measured (`--cut auto`).
    public var cuts: CutTable?
    /// Number of devices, lost ones included.
    public var devices: Int
    /// Each rank's host, by rank.
    public var hosts: [String]

    /// Images with a prediction: by the server, or by a device that has all layers or has lost its server.
    public var images: Int
    /// Images of devices that were lost, and with them their predictions.
    public var imagesLost: Int
    /// The part of ``imagesLost`` that the server had answered before the device was lost.
    public var imagesLostAnswered: Int
    /// Seconds from the common start to the last prediction of the last device.
    public var seconds: Double
    /// Images with a prediction per second, of all devices together: ``images`` / ``seconds``.
    public var throughput: Double
    /// Share of the predictions that are right, in [0, 1].
    public var accuracy: Double
    /// Accuracy of the unsplit model on the same images; nil unless compared.
    public var unsplitAccuracy: Double?
    /// Predictions that differ from the unsplit model's; nil unless compared. Usually 0 with `f32`, and few with other
    /// encodings.
    public var differences: Int?

    /// Traffic of an image.
    public var bytes: Bytes
    /// Latencies of all devices' images, by stage.
    public var latencies: StageLatencies
    /// The server's times and passes; nil when it had nothing to do, or was lost.
    public var server: ServerReport?
    /// The report of each device that was not lost, by rank.
    public var perDevice: [SplitDeviceReport]
    /// Ranks that were lost, ascending; 0 among them if the server was.
    public var lost: [Int]
    /// Rates of the stages without each other, measured in the same job before the run; nil with `--bare`, and where
    /// the server has no layers.
    public var alone: StagesAlone?

    /// The traffic of one image, in bytes.
    public struct Bytes: Sendable, Codable {
        /// What crosses the cut, as it is encoded; 0 when all layers are on the devices.
        public var features: Int
        /// Sent by the device, in the mean, with the image's share of message headers.
        public var up: Double
        /// Received by the device, in the mean, with the image's share of answer headers.
        public var down: Double
        /// The image as the model takes it, in 32-bit floats: what a server that did everything would be sent.
        public var rawFloat: Int
        /// The image with one byte for each number.
        public var rawByte: Int

        /// Share of the raw image's bytes (as floats) that sending features saves; negative where features are larger.
        public var savedOfFloat: Double { 1 - Double(features) / Double(rawFloat) }
        /// Share of the raw image's bytes (as bytes) that sending features saves; negative where features are larger.
        public var savedOfByte: Double { 1 - Double(features) / Double(rawByte) }
    }

    /// What each part of the pipeline can do without the others: the rates that the run's throughput is compared to.
    public struct StagesAlone: Sendable, Codable {
        /// Images a second of all devices, computing at once without sending.
        public var devices: Double
        /// Images a second of the server in passes of `--max-batch`, while the devices are idle.
        public var server: Double
        /// Seconds of a round trip of a full message and its answer between rank 1 and rank 0, by MPI's blocking calls.
        public var pingPong: Double

        /// The lower of the two rates: no pipeline of them can be faster on machines of their own.
        public var slower: Double { min(devices, server) }
    }

    /// Share of their time that the devices, in the mean, spent on layers and encoding; 0 without a device.
    public var deviceUtilisation: Double {
        let time = perDevice.reduce(0) { $0 + $1.seconds }
        return time > 0 ? perDevice.reduce(0) { $0 + $1.computingSeconds } / time : 0
    }

    /// Share of its time that the server spent on passes; nil without one.
    public var serverUtilisation: Double? {
        server.flatMap { $0.seconds > 0 ? $0.computingSeconds / $0.seconds : nil }
    }
}
