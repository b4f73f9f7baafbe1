import FedCore

/// An update that a device of a simulated fleet has trained offline and keeps until it can send it, as the server will
/// take it in. It is trained by a rank in the round in which the device was asked, and crosses then, because the weights
/// that it starts from are there; when it counts is a matter of the fleet's clock.
struct HeldUpdate: Sendable, Equatable {
    /// The round whose weights it was trained from.
    var round = 0
    /// When it is made, in seconds on the fleet's clock: before, it cannot be sent.
    var made = 0.0
    /// What its client reports; of complete work.
    let result: LocalResult
    /// Bytes of its upload.
    let bytes: Int
    /// The same by what they say, where it is encoded.
    let coded: CodedBytes
    /// Its numbers, decoded, `[terms.shape.sent]`.
    let numbers: [Float]

    /// Copies an update that has come up. O(floats).
    init(_ update: Span<Float>, _ result: LocalResult, bytes: Int, coded: CodedBytes) {
        var numbers = [Float](repeating: 0, count: update.count)
        var span = numbers.mutableSpan
        for i in 0..<update.count { span[unchecked: i] = update[unchecked: i] }
        (self.result, self.bytes, self.coded, self.numbers) = (result, bytes, coded, numbers)
    }
}

// What a checkpoint keeps of it.
extension HeldUpdate {
    /// Writes it. O(floats).
    /// ```
    /// round │ made │ samples │ steps │ bytes │ its bytes: places, scales, symbols, entropy │ loss │ count │ numbers
    /// ```
    /// Words of 64 bits, but for the numbers, of which two are in a word.
    func write(to writer: inout StateWriter) {
        writer.write(round)
        writer.write(made)
        for count in [result.samples, result.steps, bytes, coded.places, coded.scales, coded.symbols, coded.entropy] {
            writer.write(count)
        }
        writer.write(result.loss)
        writer.write(numbers.count)
        writer.write(numbers)
    }

    /// Reads what ``write(to:)`` wrote.
    /// - Parameters:
    ///   - reader: the state, which is not trusted.
    ///   - floats: numbers of an update.
    init(_ reader: inout StateReader, floats: Int) throws(ConfigurationError) {
        let counts = 0...Int(UInt32.max)
        round = try reader.integer(in: 1...counts.upperBound)
        made = try reader.number(in: 0...1e11)
        let (samples, steps) = (try reader.integer(in: 1...counts.upperBound), try reader.integer(in: counts))
        bytes = try reader.integer(in: 0...1 << 48)
        coded = CodedBytes(
            places: try reader.integer(in: 0...1 << 48), scales: try reader.integer(in: 0...1 << 48),
            symbols: try reader.integer(in: 0...1 << 48), entropy: try reader.integer(in: 0...1 << 48))
        result = LocalResult(samples: samples, steps: steps, loss: try reader.number(in: StateReader.finite))
        numbers = try reader.floats(try reader.integer(in: floats...floats))
    }
}
