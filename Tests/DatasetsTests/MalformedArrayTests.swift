import Testing

@testable import Datasets

/// Every kind of damage to NumPy's files: one line that names the file, and no crash.
@Suite struct MalformedArrayTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func message(_ path: String) -> String {
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        let error = #expect(throws: DatasetError.self) { try Datasets.standard.open("numpy:" + path, options: options) }
        return "\(error, default: "")".replacing(folder.path + "/", with: "")
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        /// What follows the file's path.
        let message: String

        init(_ description: String, _ bytes: [UInt8], _ message: String) {
            testDescription = description
            self.bytes = bytes
            self.message = message
        }
    }

    private static let good = npy("|u1", [2, 3], [1, 2, 3, 4, 5, 6])
    private static let types =
        ": its type is none of: b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4, f8 (little-endian)"

    private static func replacing(_ old: String, _ new: String) -> [UInt8] {
        // The header's length is kept by blanks before its end.
        let text = String(decoding: good[10..<good.count - 6], as: UTF8.self)
        let changed = text.dropLast().replacing(old, with: new)
        let padded = changed + String(repeating: " ", count: max(0, text.count - 1 - changed.count)) + "\n"
        return npyHeader(String(padded)) + good.suffix(6)
    }

    private static func npyHeader(_ text: String) -> [UInt8] {
        Array(good[..<8]) + [UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
    }

    static let damages = [
        Damage("empty", [], ": is no NumPy array (.npy)"),
        Damage("a web page", Array("<html>not found</html>".utf8), ": is no NumPy array (.npy): it is a web page"),
        Damage("text", Array("0,1,2".utf8), ": is no NumPy array (.npy)"),
        Damage("magic alone", Array(good[..<6]), " is truncated: 6 bytes instead of 12"),
        Damage("half a length", Array(good[..<9]), " is truncated: 9 bytes instead of 10"),
        Damage("half a header", Array(good[..<40]), " is truncated: 40 bytes instead of \(good.count - 6)"),
        Damage("data cut short", good.dropLast(), " is truncated: \(good.count - 1) bytes instead of \(good.count)"),
        Damage("a byte too many", good + [0], " has bytes after its end: its header promises \(good.count) bytes"),
        Damage(
            "version 9", good[..<6] + [9] + good[7...], ": version 9 of NumPy's format is not known"),
        Damage("no type", replacing("'descr'", "'desk'"), ": its header has no 'descr'"),
        Damage("no order", replacing("'fortran_order'", "'fortran'"), ": its header has no 'fortran_order'"),
        Damage("no shape", replacing("'shape'", "'shop'"), ": its header has no 'shape'"),
        Damage("a list for a shape", replacing("(2, 3, )", "[2, 3, ]"), ": its header has no shape"),
        Damage("an endless shape", replacing("(2, 3, )", "(2, 3, "), ": its header has no shape"),
        Damage("text in the shape", replacing("(2, 3, )", "(2, x, )"), ": its header has no shape"),
        Damage("a negative shape", replacing("(2, 3, )", "(-2, 3)"), ": its header has no shape"),
        Damage("no dimension", replacing("(2, 3, )", "()"), ": is no array of samples"),
        Damage("no samples", replacing("(2, 3, )", "(0, 3)"), ": unusable shape 0×3"),
        Damage(
            "huge", replacing("(2, 3, )", "(4611686018427387904, 4)"), ": unusable shape 4611686018427387904×4"),
        Damage(
            "hugest", replacing("(2, 3, )", "(99999999999999999999, 4)"), ": its header has no shape"),
        Damage(
            "Fortran's order", replacing("False", "True"), ": is in Fortran's order; save numpy.ascontiguousarray of it"
        ),
        Damage(
            "big-endian", replacing("|u1", ">u2"),
            types + ", it is '>u2'; save array.astype(array.dtype.newbyteorder('<')), or as numpy.float32"),
        Damage(
            "objects", replacing("|u1", "|O"),
            types
                + ", it is of Python's objects; save numpy.stack of the images, numpy.array(labels, dtype=numpy.int64)"),
        Damage(
            "texts", replacing("|u1", "<U9"),
            types + ", it is of texts; save numpy.unique(labels, return_inverse=True)[1], which numbers them in order"),
        Damage("no code", replacing("'|u1'", "''"), types),
        Damage(
            "fields", replacing("'|u1'", "[('a', '<i4')]"), types + "; save each field as an array of its own"),
        Damage(
            "five dimensions", replacing("(2, 3, )", "(1,1,1,1,6)"),
            ": has 4 dimensions a sample; an image has at most 3"),
        Damage(
            "a header beyond all bounds", npyHeader(String(repeating: " ", count: 20_000)), ": its header is too long"),
    ]

    @Test(arguments: damages) func isRefusedWithOneLineThatNamesTheFile(damage: Damage) throws {
        try folder.write(damage.bytes, to: "data/x_train.npy")
        try folder.write(npy("|u1", [2], [0, 1]), to: "data/y_train.npy")
        #expect(message(folder.path + "/data") == "data/x_train.npy" + damage.message)
    }

    @Test(arguments: [
        ("big-endian", types + ", it is '>i4'; save array.astype(array.dtype.newbyteorder('<')), or as numpy.float32"),
        ("fortran", ": is in Fortran's order; save numpy.ascontiguousarray of it"),
        ("complex", types + ", it is of complex numbers; save real and imaginary parts as channels"),
        ("structured", types + "; save each field as an array of its own"), ("scalar", ": is no array of samples"),
        ("empty", ": unusable shape 0×4"),
    ])
    func arraysOfNumPysThatAreNoImagesAreRefused(name: String, expected: String) throws {
        try folder.write(Fixture.bytes("\(name).npy"), to: "data/x_train.npy")
        try folder.write(npy("|u1", [3], [0, 1, 0]), to: "data/y_train.npy")
        #expect(message(folder.path + "/data") == "data/x_train.npy" + expected)
    }

    @Test func labelsMustFitTheImages() throws {
        try folder.write(Self.good, to: "data/x_train.npy")
        func floats(_ values: [Float]) -> [UInt8] {
            npy("<f4", [2], values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) } })
        }
        let drop = "outside 0 ..< 65536: missing=drop leaves samples without a label out"
        for (labels, expected) in [
            (npy("|u1", [3], [0, 1, 2]), "data/x_train.npy holds 2 images but data/y_train.npy holds 3 labels"),
            (
                npy("|u1", [2, 2], [0, 1, 1, 0]),
                "data/y_train.npy: is [2, 2]; labels are one whole number for each sample: of one-hot rows save "
                    + "labels.argmax(axis=1); task=labels takes rows of several labels at once, task=values numbers to "
                    + "predict"
            ),
            (
                floats([0, 1.5]),
                "data/y_train.npy: the label of sample 1 is 1.5, no whole number from 0 on: no class; task=values takes "
                    + "numbers to predict"
            ),
            (floats([0, .nan]), "data/y_train.npy: the label of sample 1 is nan, \(drop)"),
            (npy("|i1", [2], [0, 255]), "data/y_train.npy: the label of sample 1 is -1, \(drop)"),
            (
                npy("<u8", [2], [UInt8](repeating: 255, count: 16)),
                "data/y_train.npy: the label of sample 0 is 1.8446744e+19, no whole number from 0 on: no class; task=values "
                    + "takes numbers to predict"
            ),
        ] {
            try folder.write(labels, to: "data/y_train.npy")
            #expect(message(folder.path + "/data") == expected)
        }
    }

    @Test func aMissingArrayIsNamed() throws {
        #expect(message("/nowhere").hasPrefix("/nowhere is missing: "))
        try folder.write(Self.good, to: "data/x_train.npy")
        #expect(
            message(folder.path + "/data")
                == "data: has no array 'y_train'; there are x_train, and dataset option train-labels says which it is")
        try folder.write(npy("|u1", [2], [0, 1]), to: "data/y_train.npy")
        try folder.write(npy("|u1", [1], [0]), to: "data/y_test.npy")
        #expect(
            message(folder.path + "/data")
                == "data: has no array 'x_test'; there are x_train, y_test, y_train, and dataset option test-images says which it is"
        )
        try folder.write(npy("|u1", [1, 4], [0, 0, 0, 0]), to: "data/x_test.npy")
        #expect(
            message(folder.path + "/data")
                == "data/x_train.npy holds rows of 3 features but data/x_test.npy of 4")
    }

    @Test func oneSampleCannotBeHeldOut() throws {
        try folder.write(npy("|u1", [1, 3], [1, 2, 3]), to: "data/x_train.npy")
        try folder.write(npy("|u1", [1], [0]), to: "data/y_train.npy")
        #expect(
            message(folder.path + "/data")
                == "data/x_train.npy: holds one sample; training and testing need one each")
    }

    @Test(arguments: ["stored.npz", "deflated.npz"]) func anArchiveCutShortIsRefused(name: String) throws {
        let whole = try Fixture.bytes(name)
        for count in 0..<whole.count {
            try folder.write(Array(whole[..<count]), to: "a.npz")
            #expect(message(folder.path + "/a.npz") == "a.npz: is no ZIP archive (.npz), or is cut short")
        }
    }

    /// Pixels and times may change unseen in a stored array; nothing may crash. (`fedmpi-fuzz` tries many more.)
    @Test(arguments: ["stored.npz", "deflated.npz"]) func anArchiveWithAnotherByteIsReadOrRefused(name: String) throws {
        let whole = try Fixture.bytes(name)
        var refused = 0
        for index in stride(from: 0, to: whole.count, by: 3) {
            var damaged = whole
            damaged[index] ^= 0xFF
            let path = try folder.write(damaged, to: "\(index).npz")
            var options = DatasetOptions()
            options.cacheFolder = folder.path + "/cache"
            do {
                let pair = try Datasets.standard.open("numpy:" + path, options: options)
                for split in [pair.train, pair.test] { _ = split.read((0..<UInt32(split.count)).map { $0 }) }
            } catch let error as DatasetError {
                #expect(error.description.contains(path) && !error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(refused > whole.count / 9)
    }

    @Test func aMemberWithAnotherChecksumIsRefused() throws {
        var bytes = try Fixture.bytes("deflated.npz")
        // The directory's first entry: its checksum is 16 bytes on.
        let entry = try #require(bytes.firstRange(of: [0x50, 0x4B, 1, 2])?.lowerBound)
        bytes[entry + 16] ^= 1
        try folder.write(bytes, to: "a.npz")
        #expect(
            message(folder.path + "/a.npz")
                == "cannot decompress a.npz[x_train]: its length or its checksum is not what the archive says")
        let kept = try folder.names(in: "cache").filter { !$0.hasSuffix(".lock") }
        #expect(kept.isEmpty)
    }
}
