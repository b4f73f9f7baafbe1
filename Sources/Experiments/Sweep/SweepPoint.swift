import FedCore
package import Records

/// One point of a sweep's grid with one seed, which is one run: where it stands in the table, and what it is to do.
package struct SweepPoint {
    /// What tells the point from others, apart from the seed: names and values such as `strategy`, `fedprox`. Points
    /// with equal coordinates share a row of the table.
    package let coordinates: [(name: String, value: String)]
    /// The seed as the file writes it; nil when seeds do not vary in the sweep.
    package let seed: String?
    /// The run's complete settings. None of them depends on the number of ranks, so that any group can do the run.
    package let settings: RunSettings
    /// What the run leaves behind. Folders and name are filled in by ``SweepPlan``.
    package let outputs: RunOutputs.Choice
    /// Whether the ranks record their phases in timing files.
    package let isTimed: Bool
    /// Whether the run ends with a report of its own; the default in a sweep is that it does not.
    package let hasReport: Bool

    /// Makes a point; the settings have been checked one by one, ``SweepPlan`` checks them together.
    package init(
        coordinates: [(name: String, value: String)], seed: String?, settings: RunSettings, outputs: RunOutputs.Choice,
        isTimed: Bool, hasReport: Bool
    ) {
        (self.coordinates, self.seed, self.settings) = (coordinates, seed, settings)
        (self.outputs, self.isTimed, self.hasReport) = (outputs, isTimed, hasReport)
    }

    /// The name of the run and of its folder.
    package var name: String { Self.folderName(coordinates, seed: seed) }

    /// The folder name of a point, `fedprox,alpha=0.1,seed=1`.
    ///
    /// Characters that some file system or shell treats specially are replaced by `_`, so that two points may get the
    /// same name; whoever makes the points refuses that.
    ///
    /// - Parameters:
    ///   - coordinates: names and values; of a `case` only the value is shown, because its name says nothing.
    ///   - seed: the seed, or nil.
    /// - Returns: `run` when there are neither coordinates nor a seed.
    package static func folderName(_ coordinates: [(name: String, value: String)], seed: String?) -> String {
        var parts = coordinates.map { $0.name == "case" ? $0.value : "\($0.name)=\($0.value)" }
        if let seed { parts.append("seed=\(seed)") }
        let name = parts.isEmpty ? "run" : parts.joined(separator: ",")
        return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "=,.+-_".contains($0)) ? $0 : "_" })
    }
}

extension ConfigurationError {
    /// Makes an error about one run of a sweep: the run's name, a colon, and the description.
    package init(_ description: String, at point: String) {
        self.init("\(point): \(description)")
    }
}
