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

    /// The file's bytes. Names of classes come from a data set and are quoted where CSV needs it.
    public var contents: [UInt8] {
        let classes = table.first?.count ?? 0
        let titles = classNames.isEmpty ? (0..<classes).map { "class_\($0)" } : classNames.map(CSVLine.quoted)
        var text = "# bytes_per_sample \(bytesPerSample)\nclient"
        for title in titles { text += "," + title }
        text += "\n"
        for (client, row) in table.enumerated() {
            text += "\(client)," + row.map(String.init).joined(separator: ",") + "\n"
        }
        return Array(text.utf8)
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
