/// What a device has done; it tells rank 0 at the end, as JSON.
public struct DeviceReport: Sendable, Codable {
    public var rank: Int
    /// Of its images, the class predicted, in the order of its requests.
    public var labels: [Int32]
    /// How many of them the server answered; the device did the others alone, all of them when it has all layers.
    public var answered: Int
    /// From the common start to its last prediction.
    public var seconds: Double
    /// Of these, how long it computed and encoded.
    public var computingSeconds: Double
    /// Of these, what its thread took of a processor.
    public var processorSeconds: Double
    /// Messages sent.
    public var messages: Int
    /// Bytes of these, headers included, and of the answers.
    public var sentBytes: Int
    public var receivedBytes: Int
    /// Unanswered messages at most.
    public var mostInFlight: Int
    public var latencies: StageLatencies
    /// The server was lost.
    public var lostServer: Bool
}
