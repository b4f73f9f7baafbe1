import FedCore
package import Records

/// One run of a sweep's grid: its place, and what it is to do.
package struct SweepPoint {
    /// What tells it from other points, but for the seed: `strategy`, `fedprox`.
    package let coordinates: [(name: String, value: String)]
    /// As the file writes it; nil when seeds do not vary.
    package let seed: String?
    /// They do not depend on the ranks there are.
    package let settings: RunSettings
    /// The folders and the name are the plan's to say.
    package let outputs: RunOutputs.Choice
    /// Whether the ranks record what they do with their time.
    package let isTimed: Bool
    /// Whether it ends with a report of its own.
    package let hasReport: Bool

    package init(
        coordinates: [(name: String, value: String)], seed: String?, settings: RunSettings, outputs: RunOutputs.Choice,
        isTimed: Bool, hasReport: Bool
    ) {
        (self.coordinates, self.seed, self.settings) = (coordinates, seed, settings)
        (self.outputs, self.isTimed, self.hasReport) = (outputs, isTimed, hasReport)
    }

    /// Name of the run and its folder.
    package var name: String { Self.folderName(coordinates, seed: seed) }

    /// `fedprox,alpha=0.1,seed=1` without what folder names cannot have everywhere.
    package static func folderName(_ coordinates: [(name: String, value: String)], seed: String?) -> String {
        var parts = coordinates.map { $0.name == "case" ? $0.value : "\($0.name)=\($0.value)" }
        if let seed { parts.append("seed=\(seed)") }
        let name = parts.isEmpty ? "run" : parts.joined(separator: ",")
        return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "=,.+-_".contains($0)) ? $0 : "_" })
    }
}

extension ConfigurationError {
    /// An error of one run of a sweep.
    package init(_ description: String, at point: String) {
        self.init("\(point): \(description)")
    }
}
