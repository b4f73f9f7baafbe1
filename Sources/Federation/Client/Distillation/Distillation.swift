import Datasets
import FedCore
import NeuralNet
import Records

/// What a run's clients learn from beside their labels: a trained model, whose softened scores are added to the loss.
///
/// G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, 2015, arXiv:1503.02531. Every rank
/// has the same one: rank 0 reads the file and broadcasts the weights before the job is built.
struct Distillation: Sendable {
    /// The teacher; its weights are all finite.
    let teacher: TrainedModel
    /// Temperature, and the weight of the labels.
    let loss: DistillationLoss
    /// Digest of the teacher's weights: a checkpoint keeps it, and a resumed run refuses another teacher.
    let teacherDigest: UInt64

    /// Pairs a teacher with a loss. O(weights), for the digest.
    init(_ teacher: TrainedModel, _ loss: DistillationLoss) {
        self.teacher = teacher
        self.loss = loss
        teacherDigest = teacher.digest
    }

    /// Checks what the settings ask for; nil when clients learn from labels alone.
    /// - Parameters:
    ///   - settings: name the teacher's file, temperature and weight.
    ///   - given: the teacher, if it has been read; nil reads it from its file.
    ///   - student: the model that clients train.
    ///   - models: catalog of the models that the file may hold.
    ///   - normalization: what the run's inputs are normalised by, which must be the teacher's.
    /// - Throws: `ConfigurationError` when the file cannot be read, the teacher takes other images or knows other
    ///   classes than the student, or a weight is NaN or infinite.
    init?(
        _ settings: RunSettings, _ given: TrainedModel?, student: Model, _ models: Catalog<Architecture>,
        normalization: Normalization?
    ) throws(ConfigurationError) {
        guard let path = settings.teacher, let loss = settings.distillationLoss else { return nil }
        let teacher: TrainedModel
        if let given { teacher = given } else { teacher = try TrainedModel(reading: path, from: models) }
        guard teacher.model.input.extents == student.input.extents, teacher.model.classes == student.classes else {
            throw ConfigurationError(
                "the teacher '\(path)', a \(teacher.model.name), takes \(teacher.model.input) images of "
                    + "\(teacher.model.classes) classes; its student '\(student.name)' takes \(student.input) of "
                    + "\(student.classes)")
        }
        let learnt = try DataOrigin(metadata: teacher.metadata).normalization
        guard learnt == normalization else {
            throw ConfigurationError(
                "the teacher '\(path)' has learnt from other inputs: give "
                    + (learnt.map { "--normalize \($0)" } ?? "no --normalize"))
        }
        guard teacher.weights.allSatisfy(\.isFinite) else {
            throw ConfigurationError("the teacher '\(path)' has weights that are no numbers")
        }
        self.init(teacher, loss)
    }
}

extension TrainedModel {
    /// A digest that is equal for equal weights of the same model. O(weights). 64 bits: it finds a file that was
    /// exchanged, not one that was made to look alike.
    var digest: UInt64 {
        var hash = StableHash()
        hash.add(model.name)
        for weight in weights { hash.add(Int(weight.bitPattern)) }
        return hash.value
    }
}
