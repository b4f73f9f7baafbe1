import Datasets
import FedCore
import Testing

/// One partitioner with settings that fit some samples and clients.
struct PartitionCase: Sendable, CustomTestStringConvertible {
    let name: String
    var alpha = 0.5
    var options: NamedOptions = [:]
    let samples: Int
    let classes: Int
    let clients: Int
    var testDescription: String { "\(name) α=\(alpha) \(options) \(samples) samples of \(classes) for \(clients)" }

    /// Classes of unequal size; the last has no sample at all when there are more than two.
    var labels: [Int32] {
        var random = RandomStream(seed: 99, .synthesis)
        let present = max(1, classes - (classes > 2 ? 1 : 0))
        return (0..<samples).map { _ in Int32(min(random.integer(below: present), random.integer(below: present))) }
    }

    func partition(seed: UInt64 = 1) throws -> Partition {
        let folder = try TemporaryFolder()
        if name == "natural" {
            return try partitioner(in: folder).partition(Labelled(of: self), clients: clients, seed: seed)
        }
        return try partitioner(in: folder).partition(labels: labels, classes: classes, clients: clients, seed: seed)
    }

    /// - Parameters:
    ///   - folder: for the file that the partitioner may need.
    func partitioner(in folder: TemporaryFolder) throws -> any Partitioner {
        var values = options.values
        switch name {
        case "shard": values["shards"] = "\(min(2, samples / clients))"
        case "pathological":
            // As few as can be, so that all classes find holders.
            let present = Set(labels).count
            values["classes"] = "\((present + clients - 1) / clients)"
        case "class-exact":
            var table = [[Int]](repeating: [Int](repeating: 0, count: classes), count: clients)
            for (sample, label) in labels.enumerated() { table[sample % clients][Int(label)] += 1 }
            let text = table.map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "\n")
            values["file"] = try folder.write(Array(text.utf8), to: "table.csv")
        case "by-column":
            let text = (0..<samples).map { "client \($0 % clients)" }.joined(separator: "\n")
            values["file"] = try folder.write(Array(text.utf8), to: "clients.txt")
        default: break
        }
        return try Partitions.standard.named(name, PartitionSettings(alpha: alpha, named: NamedOptions(values)))
    }

    /// Every partitioner of the catalog, with several settings where they matter.
    static let all = Partitions.all.flatMap { partitioner in
        let name = partitioner.name
        return [
            (1, 1, 1), (7, 3, 7), (1000, 10, 1), (1000, 10, 5), (1000, 10, 99), (1000, 10, 1000), (3001, 62, 20),
            (5000, 2, 600),
        ].flatMap { samples, classes, clients in
            let standard = PartitionCase(name: name, samples: samples, classes: classes, clients: clients)
            func with(_ change: (inout PartitionCase) -> Void) -> PartitionCase {
                var changed = standard
                change(&changed)
                return changed
            }
            switch name {
            case "dirichlet": return [0.01, 0.5, 100, 1e6].map { alpha in with { $0.alpha = alpha } }
            case "quantity-skew":
                let variants: [NamedOptions] = [
                    ["exponent": "0"], ["exponent": "3"], ["law": "log-normal", "sigma": "0"],
                    ["law": "log-normal", "sigma": "1e30"],
                ]
                return [standard] + variants.map { options in with { $0.options = options } }
            default: return [standard]
            }
        }
    }
}

/// Labels with natural clients of about equal size, and images that nobody reads.
struct Labelled: Dataset {
    let labelled: [Int32]
    let origins: SampleOrigins?
    let name = "labels"
    let shape = ImageShape(channels: 1, height: 1, width: 1)
    let classes: Int
    var count: Int { labelled.count }

    init(of test: PartitionCase) {
        labelled = test.labels
        classes = test.classes
        let (each, more) = test.samples.quotientAndRemainder(dividingBy: test.clients)
        origins = SampleOrigins(kind: "file", counts: (0..<test.clients).map { $0 < more ? each + 1 : each })
    }

    func label(_ sample: Int) -> Int { Int(labelled[sample]) }
    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {}
}
