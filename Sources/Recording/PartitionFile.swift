import FedCore
import Files
public import Foundation

/// `partition.csv`: how many samples of each class each client holds, and what a sample weighs.
public struct PartitionFile: Sendable, Equatable {
    public static let name = "partition.csv"
    /// `[client][class]`.
    public var table: [[Int]]
    /// Bytes of one raw sample, e.g. 784 of a 28 × 28 image.
    public var bytesPerSample: Int
    /// Names of the table's columns: as many; empty when classes are called as their labels are.
    public var classNames: [String]

    public init(table: [[Int]], bytesPerSample: Int, classNames: [String] = []) {
        self.table = table
        self.bytesPerSample = bytesPerSample
        self.classNames = classNames
    }

    /// As it stands in a run's folder.
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

    /// Nil when the run has none, or it is damaged.
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
