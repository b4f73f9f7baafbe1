/// What a run of split inference gave: `split.json`.
public struct SplitReport: Sendable, Codable {
    public var settings: SplitSettings
    public var model: String
    public var layers: Int
    /// Layers before this index ran on the devices.
    public var cut: Int
    /// The tensor that crosses the cut.
    public var features: [Int]
    /// What the cut was chosen by, if it was measured.
    public var cuts: CutTable?
    public var devices: Int
    public var hosts: [String]

    /// Images with a prediction: by the server, or by a device that has all layers or has lost its server.
    public var images: Int
    /// Images of devices that were lost: nobody knows of their predictions.
    public var imagesLost: Int
    /// Those of them that the server had answered.
    public var imagesLostAnswered: Int
    /// From the common start to the last prediction.
    public var seconds: Double
    /// Images a second, of all devices.
    public var throughput: Double
    /// Share of the predictions that are right; of the unsplit model on the same images.
    public var accuracy: Double
    public var unsplitAccuracy: Double?
    /// Predictions that are not the unsplit model's; nil unless compared.
    public var differences: Int?

    public var bytes: Bytes
    /// Latencies of all devices.
    public var latencies: StageLatencies
    public var server: ServerReport?
    public var perDevice: [SplitDeviceReport]
    /// Ranks that were lost, rank 0 if it is the server.
    public var lost: [Int]
    /// Measured in the same job before the run; nil where it was not asked for.
    public var alone: StagesAlone?

    /// Bytes of an image.
    public struct Bytes: Sendable, Codable {
        /// What crosses the cut, as it is encoded.
        public var features: Int
        /// With its share of the message's header, and of the answer.
        public var up: Double
        public var down: Double
        /// The image as the model takes it, in 32-bit floats, and in bytes.
        public var rawFloat: Int
        public var rawByte: Int

        /// What the features save of the raw image, of 1.
        public var savedOfFloat: Double { 1 - Double(features) / Double(rawFloat) }
        public var savedOfByte: Double { 1 - Double(features) / Double(rawByte) }
    }

    /// What each part of the pipeline does without the others.
    public struct StagesAlone: Sendable, Codable {
        /// Images a second of all devices at once, when nobody sends.
        public var devices: Double
        /// Images a second of the server, in full passes, when the devices are idle.
        public var server: Double
        /// Seconds of a round trip of a full message and its answer, between rank 1 and rank 0, by MPI's blocking calls.
        public var pingPong: Double

        /// The slower stage's.
        public var slower: Double { min(devices, server) }
    }

    /// Share of the time in which the devices, in the mean, computed.
    public var deviceUtilisation: Double {
        let time = perDevice.reduce(0) { $0 + $1.seconds }
        return time > 0 ? perDevice.reduce(0) { $0 + $1.computingSeconds } / time : 0
    }

    /// Share of the time in which the server computed; nil without one.
    public var serverUtilisation: Double? {
        server.flatMap { $0.seconds > 0 ? $0.computingSeconds / $0.seconds : nil }
    }
}
