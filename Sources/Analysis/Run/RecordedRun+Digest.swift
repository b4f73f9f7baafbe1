import Cryptography
import Files
import Foundation

extension RecordedRun {
    /// The digest that the run printed at its end, computed from its model's file: the SHA-256 of the weights, as 64
    /// hexadecimal digits.
    ///
    /// Nil where there is no such file or it has other than 32-bit floats, and with `--freeze`: the run printed the
    /// digest of the weights that it trained, and the file has others, too.
    ///
    /// - Complexity: O(weights): the file is read at each call.
    public var digest: String? {
        guard setting("freeze") ?? "none" == "none",
            let bytes = try? Safetensors.bytes(of: folder.appendingPathComponent("model.safetensors")),
            let file = try? Safetensors(decoding: bytes)
        else { return nil }
        var weights: [Float] = []
        weights.reserveCapacity(file.tensors.reduce(0) { $0 + $1.elements.count })
        for tensor in file.tensors {
            guard case .float32(let values) = tensor.elements else { return nil }
            weights += values
        }
        return weightsDigest(weights.span)
    }
}
