import FedCore

/// Arrays by name, from an `.npz` archive or a folder of `.npy` files.
struct NumPyFiles {
    private let path: String
    private let cache: Cache
    /// The archive; nil when the path is a folder.
    private let archive: ZipFile?
    /// Bytes of an array above which its range is kept in the cache.
    private let bytesKept: Int

    /// Opens the archive's directory, or looks at the folder.
    ///
    /// - Parameters:
    ///   - path: path of the archive or folder.
    ///   - cache: where decompressed members and ranges are kept.
    ///   - bytesKept: the range of an array of more bytes is looked for once, and then kept in the cache.
    /// - Throws: ``DatasetError`` when there is no such file, or it is not a readable archive.
    init(_ path: String, _ cache: Cache, bytesKept: Int = 1 << 24) throws(DatasetError) {
        guard FileSystem.exists(path) else {
            throw .missing(file: path, remedy: "a data set needs an .npz file, or a folder of .npy files")
        }
        self.path = path
        self.cache = cache
        self.bytesKept = bytesKept
        archive = FileSystem.isFolder(path) ? nil : try ZipFile(path: path)
    }

    /// Whether there is an array of this name.
    func has(_ name: String) -> Bool {
        guard let archive else { return FileSystem.exists("\(path)/\(name).npy") }
        return archive.entries["\(name).npy"] != nil
    }

    /// Names of all arrays, sorted.
    var names: [String] {
        let files = archive.map { Array($0.entries.keys) } ?? FileSystem.names(in: path)
        return files.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)).printable }.sorted()
    }

    /// Maps an array, decompressing it into the cache if need be.
    ///
    /// - Parameters:
    ///   - name: name of the array, without `.npy`.
    ///   - option: option by which the user can name another, for the message.
    /// - Throws: ``DatasetError`` that lists the other arrays when there is none of this name.
    func open(_ name: String, option: String) throws(DatasetError) -> NPYArray {
        guard has(name) else {
            let others = names
            throw .malformed(
                file: path,
                reason: others.isEmpty
                    ? "has no array '\(name)', and no other (.npy)"
                    : "has no array '\(name)'; there are \(CSVHeader.list(others, most: 12)), and dataset option "
                        + "\(option) says which it is")
        }
        guard let archive, let entry = archive.entries["\(name).npy"] else {
            return try NPYArray(path: "\(path)/\(name).npy")
        }
        let label = "\(path)[\(name)]"
        guard entry.isDeflated else { return try NPYArray(path: label, archive.bytes, in: entry.range) }
        let copy = try cache.copy(of: path, key: "npz \(name)") { source, write throws(DatasetError) in
            guard try source.status() == archive.bytes.status else { throw .changed(file: path) }
            try Gunzip.decompress(entry, of: archive.bytes, path: label, into: write)
        }
        return try NPYArray(path: label, copy, in: 0..<copy.count)
    }

    /// Range of an array's numbers.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the first sample that holds a number that is NaN
    ///   or infinite.
    /// - Complexity: O(its length), once for each host when it is long.
    func range(of name: String, _ array: NPYArray) throws(DatasetError) -> NumberRange {
        guard array.byteCount > bytesKept else { return try range(of: array) }
        let file = archive == nil ? array.path : path
        do throws(DatasetError) {
            let copy = try cache.copy(of: file, key: "range 1 \(name)") { _, write throws(DatasetError) in
                let range = try self.range(of: array)
                let numbers = [range.least, range.largest]
                try numbers.withUnsafeBufferPointer { numbers throws(DatasetError) in
                    try write(UnsafeRawBufferPointer(numbers))
                }
            }
            let range = NumberRange(least: copy.float(at: 0), largest: copy.float(at: 4))
            return range.extent.isFinite ? range : try self.range(of: array)
        } catch {
            guard case .cache = error else { throw error }
            return try range(of: array)
        }
    }

    /// Range of an array's numbers, from the numbers themselves.
    private func range(of array: NPYArray) throws(DatasetError) -> NumberRange {
        let width = array.shape.dropFirst().reduce(1, *)
        switch array.bytes.range(array.format, at: array.dataOffset, count: array.count * width) {
        case .success(let range): return range
        case .failure(let wrong):
            let (sample, place) = wrong.place.quotientAndRemainder(dividingBy: width)
            throw .malformed(
                file: array.path,
                reason: "sample \(sample) holds \(wrong.value) (number \(place) of \(width)): numbers must be finite")
        }
    }
}
