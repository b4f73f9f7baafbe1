public import Records

/// The program's version, which stands in `config.json`, checkpoints and model files.
public enum Version {
    /// Major, minor and patch.
    public static let current = "0.1.0"
}

/// The libraries that a run's result or speed may depend on besides its settings.
public struct RunEnvironment: Codable, Sendable {
    /// The MPI library's own words, such as `Open MPI v4.1.4, …`.
    public let mpi: String
    /// oneDNN's version and the instruction set it uses, which decides the last bits of a result; of each rank where they
    /// differ.
    public let oneDNN: String

    /// Makes the description of this process's libraries; this target links none of them.
    public init(mpi: String, oneDNN: String) {
        self.mpi = mpi
        self.oneDNN = oneDNN
    }

    /// The same for a run whose ranks may compute by different instruction sets.
    public func of(_ run: RunDescription) -> RunEnvironment {
        guard let difference = run.instructionSets.difference else { return self }
        let version = oneDNN.prefix { $0 != " " }
        return RunEnvironment(mpi: mpi, oneDNN: "\(version) \(difference)")
    }

    private enum CodingKeys: String, CodingKey {
        case mpi
        case oneDNN = "onednn"
    }
}
