import FedCore

/// Something that decodes bytes it has no reason to trust. A new one is listed in `FuzzTargets.all`.
protocol FuzzTarget {
    var name: String { get }

    /// Valid messages or files, of which inputs are made; at least one.
    var seeds: [[UInt8]] { get }

    /// Where the seeds have numbers that decide how much is read, so that these are hit often.
    var fields: [Field] { get }

    /// Words of the format, for formats that are text.
    var dictionary: [String] { get }

    /// Last change of an input: makes lengths or checksums fit again, so that inputs reach what these guard.
    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream)

    /// Decodes an input.
    ///
    /// - Throws: `Violation` when what was accepted breaks a promise of the format. A refusal is no error.
    mutating func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome
}

extension FuzzTarget {
    var fields: [Field] { [] }
    var dictionary: [String] { [] }
    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {}
}

/// A number in a message: its place and its width in bytes.
struct Field {
    let offset: Int
    let width: Int
}

/// What became of an input.
enum Outcome {
    /// With an error of the decoder's own.
    case refused
    /// It says what its seed says.
    case equal
    /// It says something else, and that is valid.
    case different
}

/// Damage that was accepted.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func require(_ condition: Bool, _ description: @autoclosure () -> String) throws {
        guard condition else { throw Violation(description()) }
    }
}

enum FuzzTargets {
    static func all(_ scratch: ScratchFolder) throws -> [any FuzzTarget] {
        [
            UpdateTarget(mendsChecksum: false), UpdateTarget(mendsChecksum: true),
            try CodecTarget(), RoundFrameTarget(mendsChecksum: false), RoundFrameTarget(mendsChecksum: true),
            SplitTrainingMessageTarget(mendsChecksum: false), SplitTrainingMessageTarget(mendsChecksum: true),
            try SecureAggregationTarget(mendsChecksum: false), try SecureAggregationTarget(mendsChecksum: true),
            try SafetensorsTarget(), ModelTextTarget(), try ONNXTarget(),
            try IDXTarget(scratch, compressed: false), try IDXTarget(scratch, compressed: true),
            try SourceTarget.csv(scratch), try SourceTarget.npy(scratch),
            try SourceTarget.npz(scratch, compressed: false), try SourceTarget.npz(scratch, compressed: true),
            try SourceTarget.cifar(scratch), try ImageTarget.png(), try ImageTarget.jpeg(),
            try SettingsTarget(), TimingTarget(), TraceTarget(), try PictureTarget(scratch),
            try CheckpointTarget(mendsChecksum: false), try CheckpointTarget(mendsChecksum: true),
        ]
    }
}
