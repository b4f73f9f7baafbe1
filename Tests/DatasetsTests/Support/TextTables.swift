import FedCore

@testable import Datasets

/// Text tables in a folder of their own, opened as a run opens them.
struct TextTables {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func open(
        _ bytes: [UInt8], test: String? = nil, _ named: NamedOptions = [:], testMayLackLabels: Bool = false
    ) throws -> DatasetPair {
        var values = named.values
        let path = try folder.write(bytes, to: "train.csv")
        if let test { values["test"] = try folder.write(Array(test.utf8), to: "test.csv") }
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        options.named = NamedOptions(values)
        options.testMayLackLabels = testMayLackLabels
        return try Datasets.standard.open("csv:" + path, options: options)
    }

    func open(_ text: String, test: String? = nil, _ named: NamedOptions = [:]) throws -> DatasetPair {
        try open(Array(text.utf8), test: test, named)
    }

    /// Why the table is refused; empty when it is not.
    func message(_ bytes: [UInt8], test: String? = nil, _ named: NamedOptions = [:]) -> String {
        do { _ = try open(bytes, test: test, named) } catch { return short("\(error)") }
        return ""
    }

    func message(_ text: String, test: String? = nil, _ named: NamedOptions = [:]) -> String {
        message(Array(text.utf8), test: test, named)
    }

    func warnings(_ pair: DatasetPair) -> [String] { pair.notes.filter { $0.isWarning }.map { short($0.text) } }
    func facts(_ pair: DatasetPair) -> [String] { pair.notes.filter { !$0.isWarning }.map { short($0.text) } }

    private func short(_ text: String) -> String { text.replacing(folder.path + "/", with: "") }
}
