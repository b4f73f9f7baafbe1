extension ArrayImages {
    /// Mean of each place of an image over the samples of this split that have a number there, as numbers are read.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when no sample has a number in some place.
    /// - Complexity: O(count · shape.count).
    func means() throws(DatasetError) -> [Float] {
        let size = shape.count
        var sums = [Double](repeating: 0, count: size)
        var counts = [Int](repeating: 0, count: size)
        forEachImage(of: 0..<count) { image in
            for place in 0..<size where !image[place].isNaN {
                sums[place] += Double(image[place])
                counts[place] += 1
            }
        }
        if let empty = counts.firstIndex(of: 0) {
            let feature =
                layout == .chw
                ? empty : empty % (size / shape.channels) * shape.channels + empty / (size / shape.channels)
            let names = gaps ?? []
            throw .malformed(
                file: images.path,
                reason:
                    "no row to train on has a value of feature \(feature < names.count ? "'\(names[feature])'" : "\(feature)"); "
                    + "option ignore leaves its column out")
        }
        return zip(sums, counts).map { Float($0 / Double($1)) }
    }
}
