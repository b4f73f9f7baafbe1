import FedCore
import Files
public import Foundation

/// `partition.csv`: how many samples of each class each client holds, and what a sample weighs.
///
/// Rank 0 writes it at the start of a run; the report draws it and sets a round's traffic against the size of the data
/// that stayed with the clients. A comment line with the bytes per sample, a header, and a line for each client.
public struct PartitionFile: Sendable, Equatable {
    /// The file's name in a run's folder.
    public static let name = "partition.csv"
    /// Numbers of samples, `[client][class]`.
    public var table: [[Int]]
    /// The size of one raw sample in bytes, e.g. 784 for an image of 28 × 28.
    public var bytesPerSample: Int
    /// The names of the table's columns, one for each; empty when classes are called as their labels are.
    public var classNames: [String]

    /// Makes the table of a run's partition.
    public init(table: [[Int]], bytesPerSample: Int, classNames: [String] = []) {
        self.table = table
        self.bytesPerSample = bytesPerSample
        self.classNames = classNames
    }

    /// The file's bytes.
    public var contents: [UInt8] {
        Self.contents(
            clients: table.count, classes: table.first?.count ?? 0, bytesPerSample: bytesPerSample,
            classNames: classNames
        ) { table[$0] }
    }

    /// The file's bytes, made from a row at a time: a table of a million clients would take ten times the file's memory.
    ///
    /// - Parameters:
    ///   - clients: the number of rows.
    ///   - classes: the number of columns.
    ///   - bytesPerSample: the size of one raw sample in bytes.
    ///   - classNames: the names of the columns; empty when classes are called as their labels are. They come from a
    ///     data set and are quoted where CSV needs it.
    ///   - row: the client's number of samples of each class.
    public static func contents(
        clients: Int, classes: Int, bytesPerSample: Int, classNames: [String], row: (Int) -> [Int]
    ) -> [UInt8] {
        let titles = classNames.isEmpty ? (0..<classes).map { "class_\($0)" } : classNames.map(CSVLine.quoted)
        var bytes = Array("# bytes_per_sample \(bytesPerSample)\nclient".utf8)
        for title in titles { bytes += Array(("," + title).utf8) }
        bytes.append(UInt8(ascii: "\n"))
        for client in 0..<clients {
            bytes.append(decimal: client)
            for count in row(client) {
                bytes.append(UInt8(ascii: ","))
                bytes.append(decimal: count)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Reads the file in a run's folder; nil when the run has none, or it is damaged.
    ///
    /// Rows must have equal lengths; a cell that is not a number is 0. Names that cannot be printed are not
    /// taken over.
    public init?(in folder: URL) {
        guard let data = try? ReceivedFile.data(folder.appendingPathComponent(Self.name)) else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        guard lines.count >= 2, let bytes = lines[0].split(separator: " ").last.flatMap({ Int($0) }) else { return nil }
        let rows = lines[2...].map { $0.split(separator: ",").dropFirst().map { Int($0) ?? 0 } }
        guard let classes = rows.first?.count, rows.allSatisfy({ $0.count == classes }) else { return nil }
        let titles = Array(CSVLine.cells(of: lines[1]).dropFirst())
        let areNames =
            titles.count == classes && titles.allSatisfy { $0.firstUnprintable == nil }
            && titles.enumerated().contains { "class_\($0)" != $1 }
        self.init(table: rows, bytesPerSample: bytes, classNames: areNames ? titles : [])
    }
}
