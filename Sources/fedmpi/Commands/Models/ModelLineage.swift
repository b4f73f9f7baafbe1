import Cryptography
import FedCore
import Files
import Foundation
import NeuralNet
import Recording

/// What a trained model was made from, as far as its file and its run tell: the SHA-256 of that model's file, by which the registry
/// knows it.
enum ModelLineage {
    /// The key in a weights file's metadata that names the file that a variant was made from, by 64 hexadecimal digits.
    static let key = "made_from"

    /// A model read from a file, which notes in its metadata which file that was: variants made of it have these metadata, too.
    ///
    /// - Parameter path: of the file, or of a run's folder.
    /// - Throws: `ConfigurationError` when it cannot be read.
    static func source(_ path: String) throws -> TrainedModel {
        let trained = try TrainedModel(reading: path)
        return TrainedModel(
            trained.model, weights: trained.weights,
            metadata: trained.metadata.merging([key: try digest(ofFile: path)]) { $1 })
    }

    /// The digest of the model that a file was made from: the file that a variant's metadata name, or the teacher of its run.
    ///
    /// - Parameters:
    ///   - file: the file, which a run may have left.
    ///   - variant: what is in it.
    /// - Returns: nil where neither says, or the teacher's file is gone or another one by now.
    static func parent(of file: URL, _ variant: Variant) -> String? {
        if let digest = variant.metadata[key], digest.count == 64, digest.allSatisfy(\.isHexDigit) { return digest }
        let folder = file.deletingLastPathComponent()
        guard file.lastPathComponent == RunFolder.modelName, let weights = RunFolder.teacherDigest(in: folder),
            let path = RunFolder.teacherPath(in: folder), let teacher = try? TrainedModel(reading: path),
            weightsDigest(teacher.weights.span) == weights
        else { return nil }
        return try? digest(ofFile: path)
    }

    /// SHA-256 of a model's file.
    ///
    /// - Parameter path: of the file, or of a run's folder.
    private static func digest(ofFile path: String) throws -> String {
        SHA256.hash(try ReceivedFile.contents(file(at: path) ?? URL(fileURLWithPath: path))).hexadecimal
    }

    /// A model's file.
    ///
    /// - Parameter path: of the file, or of a run's folder.
    /// - Returns: of a folder, its `model.safetensors`, which need not be there; nil when nothing is at the path.
    static func file(at path: String) -> URL? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        let url = URL(fileURLWithPath: path)
        return isFolder.boolValue ? url.appendingPathComponent(RunFolder.modelName) : url
    }
}
