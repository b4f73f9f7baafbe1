/// The features as computed, four bytes each: the default, which loses nothing.
public struct Float32Features: NamedFeatureCodec {
    public static let name = "f32"
    public static let summary = "as computed"

    public init() {}

    public func wordCount(elements: Int) -> Int { elements }

    public func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + features.count <= words.count)
        for i in features.indices { words[unchecked: start + i] = features[unchecked: i].bitPattern }
    }

    public func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        precondition(words.count == count && start >= 0 && start + count <= features.count)
        for i in words.indices { features[unchecked: start + i] = Float(bitPattern: words[unchecked: i]) }
    }
}
