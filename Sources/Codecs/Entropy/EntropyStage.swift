public import FedCore

/// The last stage of a pipeline: packs symbols into bytes without loss.
public protocol EntropyStage: CodecStage {
    /// Whether all packings of so many symbols are equally long.
    var isFixedLength: Bool { get }

    /// Bytes of the longest packing.
    /// - Parameters:
    ///   - count: symbols of each plane.
    ///   - planes: number of planes.
    ///   - alphabet: symbols are below this number, at most 256.
    func capacity(count: Int, planes: Int, alphabet: Int) -> Int

    /// Packs symbols.
    /// - Parameters:
    ///   - symbols: plane by plane, each below `alphabet`.
    ///   - planes: number of planes, equally long.
    ///   - alphabet: number of symbols that there are.
    ///   - tensors: those of the numbers that the symbols are of; a plane has as many symbols, or fewer or more.
    ///   - bytes: as many as the capacity says.
    /// - Returns: bytes written, from the first on.
    func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int

    /// Unpacks symbols.
    /// - Parameters:
    ///   - bytes: those that were written, which are not trusted.
    ///   - planes: number of planes.
    ///   - alphabet: number of symbols that there are.
    ///   - tensors: as when they were packed.
    ///   - symbols: as many as were packed; all are written. They may be any bytes: the pipeline checks them.
    /// - Throws: `CodecError` when the bytes are no packing of so many symbols, or go on behind it.
    func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError)
}

/// The catalog of entropy stages.
public enum EntropyStages {
    /// The stages in the order of help texts.
    public static let all: [any EntropyStage.Type] = [
        RangeANS.self, ContextSymbols.self, DeflatedSymbols.self, ZstandardSymbols.self,
    ]

    /// The stages that come with the project.
    public static let standard = Catalog(ofStages: all) { $0 }
}
