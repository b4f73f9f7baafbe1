import Foundation
import Synchronization

/// How many requests an address may make: a bucket of tokens that fills at a steady rate.
///
/// J. Turner, *New Directions in Communications (or Which Way to the Information Age?)*, IEEE Communications Magazine
/// 24(10), 1986 (the leaky bucket as a meter).
final class RateLimit: Sendable {
    /// What one address has left.
    private struct Bucket {
        /// Requests that it may make now; a part of one is on its way.
        var tokens: Double
        /// When that was true.
        var filled: Date
    }

    /// By address; who has not asked for long is not in it.
    private let buckets = Mutex<[String: Bucket]>([:])
    /// Requests a second in the long run.
    private let rate: Double
    /// Requests at once.
    private let burst: Double

    /// - Parameters:
    ///   - rate: requests a second in the long run.
    ///   - burst: requests at once.
    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
    }

    /// Takes a request's token from an address' bucket.
    ///
    /// - Returns: nil when there was one; otherwise the seconds until there is.
    func wait(for address: String, at now: Date = .now) -> Double? {
        buckets.withLock { buckets in
            // Full buckets say nothing: they are forgotten before there are many.
            if buckets.count > 10_000 {
                buckets = buckets.filter { $0.value.tokens + now.timeIntervalSince($0.value.filled) * rate < burst }
            }
            var bucket = buckets[address] ?? Bucket(tokens: burst, filled: now)
            bucket.tokens = min(burst, bucket.tokens + max(0, now.timeIntervalSince(bucket.filled)) * rate)
            bucket.filled = now
            defer { buckets[address] = bucket }
            guard bucket.tokens >= 1 else { return (1 - bucket.tokens) / rate }
            bucket.tokens -= 1
            return nil
        }
    }
}
