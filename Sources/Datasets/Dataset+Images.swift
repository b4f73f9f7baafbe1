extension Dataset {
    /// The images of some samples as one array `[samples, channels, height, width]`, as the data set reads them.
    ///
    /// - Parameter samples: indices in the data set.
    /// - Complexity: O(samples × values of an image); allocates the array.
    package func images(_ samples: [UInt32]) -> [Float] {
        var images = [Float](repeating: 0, count: samples.count * shape.count)
        var labels = [Int32](repeating: 0, count: samples.count)
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        read(samples.span, into: &imageSpan, labels: &labelSpan)
        return images
    }

    /// Indices of some samples, evenly spaced over the data set, which may be sorted by class.
    ///
    /// - Parameter samples: how many; all of them if the data set has fewer.
    package func evenlySpaced(_ samples: Int) -> [UInt32] {
        let samples = min(samples, count)
        return (0..<samples).map { UInt32($0 * count / samples) }
    }
}
