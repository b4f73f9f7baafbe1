import Cryptography
import Datasets
import FedCore
import Records

/// The batches of a client's turn with DP-SGD.
///
/// Poisson: each sample is in a batch with probability L/n, whatever the others do. Who is in it must be secret for the amplification
/// by sampling to hold, so that it is drawn from the noise's key. Shuffled: the samples of an epoch in an order that the seed
/// draws, L at a time.
struct SampleBatches: ~Copyable {
    private let samples: ArraySlice<UInt32>
    private let size: Int
    private let streams: ClientRandomness
    /// Nil where batches are of a fixed size.
    private var draws: KeyStream?
    /// A sample is in a batch when its word is below this.
    private let threshold: UInt64
    private var words: [UInt64]
    private var order: [UInt32] = []
    /// Steps so far.
    private var step = 0

    /// Begins a turn.
    /// - Parameters:
    ///   - samples: indices of the client's samples.
    ///   - streams: the turn's random streams.
    ///   - draws: words that nobody knows, for Poisson samples; nil deals out shuffled samples.
    init(_ samples: ArraySlice<UInt32>, size: Int, _ streams: ClientRandomness, draws: consuming KeyStream?) {
        self.samples = samples
        self.size = min(size, samples.count)
        self.streams = streams
        self.draws = draws
        let rate = Double(self.size) / Double(max(samples.count, 1))
        // At a rate of 1 the word below which all are does not exist.
        threshold = rate < 1 ? UInt64(rate * 0x1p64) : .max
        let isDrawn = self.draws != nil
        words = isDrawn ? [UInt64](repeating: 0, count: samples.count) : []
    }

    /// Puts the next batch in the place of the last one. O(samples of the client) for a Poisson sample.
    /// - Parameter batch: receives indices of samples; none, now and then.
    mutating func next(into batch: inout [UInt32]) {
        defer { step += 1 }
        batch.removeAll(keepingCapacity: true)
        guard draws != nil else {
            let stepsOfEpoch = (samples.count + size - 1) / size
            if step % stepsOfEpoch == 0 {
                order = Array(samples)
                var random = streams.order(epoch: step / stepsOfEpoch)
                random.shuffle(&order)
            }
            let start = step % stepsOfEpoch * size
            batch.append(contentsOf: order[start..<min(start + size, order.count)])
            return
        }
        if size == samples.count { return batch.append(contentsOf: samples) }
        // Out of the struct while the stream, another part of it, writes there.
        var words: [UInt64] = []
        swap(&words, &self.words)
        defer { swap(&words, &self.words) }
        var drawn = words.mutableSpan
        draws?.fill(&drawn)
        for (word, sample) in zip(words, samples) where word < threshold { batch.append(sample) }
    }
}
