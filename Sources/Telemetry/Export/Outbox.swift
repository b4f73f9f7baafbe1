/// The requests that wait for a collector, and when they may be sent: bounded, and tried again as the OpenTelemetry
/// Protocol says (*OTLP/HTTP Response*, *Retryable Response Codes*, *Exponential backoff*). Knows neither time nor sockets.
///
/// | answer | what becomes of the request |
/// |---|---|
/// | 2xx | it is taken, but for what `partial_success` counts |
/// | 429, 502, 503, 504 | again, after `Retry-After` or a pause that doubles |
/// | none: no connection, or no answer in time | again, likewise |
/// | anything else | dropped: the same would be refused again |
///
/// The first request is tried until its fate is known, so that order is kept; a full outbox drops what is new.
package struct Outbox: Sendable {
    /// The three kinds of things that are sent.
    package enum Signal: String, Sendable, CaseIterable {
        case traces, metrics, logs

        /// The page of a collector that takes it.
        package var page: String { "/v1/\(rawValue)" }
        /// What one of them is called, for a count.
        package var noun: String {
            switch self {
            case .traces: "span"
            case .metrics: "metric"
            case .logs: "log line"
            }
        }
    }

    /// A request that waits.
    package struct Parcel: Sendable {
        /// What is in it, and so whereto.
        package let signal: Signal
        /// As it is sent.
        package let body: [UInt8]
        /// Things in it.
        package let count: Int

        /// Packs things.
        package init(_ signal: Signal, _ body: [UInt8], count: Int) {
            (self.signal, self.body, self.count) = (signal, body, count)
        }
    }

    /// What became of a request.
    package enum Fate: Sendable, Equatable {
        /// It was taken, but for so many things.
        case taken(rejected: Int)
        /// It may be tried again, after so many seconds where the collector says so.
        case again(after: Double?)
        /// It was refused: trying again does not help.
        case refused
    }

    /// In the order in which they are sent.
    private var parcels: [Parcel] = []
    /// Bytes of them.
    package private(set) var bytes = 0
    /// Things that never reached the collector, by signal.
    package private(set) var dropped: [Signal: Int] = [:]
    /// Things that did.
    package private(set) var delivered: [Signal: Int] = [:]
    /// Nothing is sent before this moment, in seconds on the caller's clock.
    package private(set) var notBefore = 0.0
    /// Attempts that failed since one did not.
    private var failures = 0

    /// The most bytes that wait.
    private let capacity: Int

    /// Makes an empty outbox.
    package init(capacity: Int = 16 << 20) { self.capacity = capacity }

    /// The request that is to be sent next.
    package var next: Parcel? { parcels.first }

    /// Adds a request; one that has no room is dropped, and counted.
    package mutating func add(_ parcel: Parcel) {
        guard bytes + parcel.body.count <= capacity else {
            dropped[parcel.signal, default: 0] += parcel.count
            return
        }
        parcels.append(parcel)
        bytes += parcel.body.count
    }

    /// Counts things that were dropped before they were in a request.
    package mutating func drop(_ count: Int, of signal: Signal) { dropped[signal, default: 0] += count }

    /// What an answer means for its request.
    package static func fate(status: Int, retryAfter: Double?, rejected: Int) -> Fate {
        switch status {
        case 200..<300: .taken(rejected: rejected)
        case 429, 502, 503, 504: .again(after: retryAfter)
        default: .refused
        }
    }

    /// Notes what became of the first request.
    ///
    /// - Parameters:
    ///   - now: seconds on the caller's clock.
    ///   - jitter: a random number in [0, 1): clients that failed together do not come again together.
    package mutating func note(_ fate: Fate, at now: Double, jitter: Double) {
        guard let parcel = parcels.first else { return }
        switch fate {
        case .again(let after):
            failures += 1
            // 1, 2, 4 … 32 seconds, less up to a half.
            let pause = Double(1 << min(failures - 1, 5)) * (1 - jitter / 2)
            notBefore = now + (after.map { min($0, 300) } ?? pause)
            return
        case .taken(let rejected):
            let lost = min(max(rejected, 0), parcel.count)
            if lost > 0 { dropped[parcel.signal, default: 0] += lost }
            delivered[parcel.signal, default: 0] += parcel.count - lost
        case .refused: dropped[parcel.signal, default: 0] += parcel.count
        }
        failures = 0
        notBefore = now
        parcels.removeFirst()
        bytes -= parcel.body.count
    }

    /// Ends a pause: the run ends, and what waits is tried once more.
    package mutating func hurry() { notBefore = 0 }

    /// Gives up what waits.
    package mutating func abandon() {
        for parcel in parcels { dropped[parcel.signal, default: 0] += parcel.count }
        (parcels, bytes) = ([], 0)
    }
}
