import FedCore

/// A split whose samples are windows of texts, one text for each natural client.
struct TextWindows: Dataset {
    let name: String
    /// Characters of a window.
    let length: Int
    let classNames: [String]
    /// What one client is; nil where the clients are not told apart.
    var kind: String?
    // The characters' numbers, text after text.
    private var codes: [UInt16] = []
    // Place in `codes` at which each window begins.
    private var starts: [UInt32] = []
    // Number of windows of each text.
    private var counts: [Int] = []

    /// A split without any text.
    init(name: String, length: Int, vocabulary: [String]) {
        self.name = name
        self.length = length
        classNames = vocabulary
    }

    /// Adds a text's windows. Stops numbering where 2³² characters are reached: the caller refuses so many.
    ///
    /// - Parameters:
    ///   - text: numbers of its characters, more than `length`.
    ///   - step: characters from one window's beginning to the next one's.
    mutating func append(_ text: [UInt16], step: Int) {
        let begin = codes.count
        codes += text
        let windows = stride(from: begin, to: begin + text.count - length, by: step)
        let before = starts.count
        for start in windows where start <= Int(UInt32.max) { starts.append(UInt32(start)) }
        counts.append(starts.count - before)
    }

    /// Number of characters of all texts.
    var characters: Int { codes.count }
    var count: Int { starts.count }
    var shape: ImageShape { ImageShape(channels: 1, height: 1, width: length) }
    var classes: Int { classNames.count }
    /// The numbers of characters are not divided.
    let scale: Float = 1
    var origins: SampleOrigins? { kind.map { SampleOrigins(kind: $0, counts: counts) } }

    func label(_ sample: Int) -> Int { Int(codes[Int(starts[sample]) + length]) }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        precondition(images.count >= samples.count * length, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        let codes = codes.span
        for row in samples.indices {
            let start = Int(starts[Int(samples[row])])
            for place in 0..<length { images[row * length + place] = Float(codes[start + place]) }
            labels[row] = Int32(codes[start + length])
        }
    }
}
