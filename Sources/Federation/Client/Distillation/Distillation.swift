import Datasets
import FedCore
import NeuralNet
import Records

/// What a run's clients learn from beside their labels.
struct Distillation: Sendable {
    let teacher: TrainedModel
    let loss: DistillationLoss
    /// Tells whether another teacher is the same.
    let teacherDigest: UInt64

    init(_ teacher: TrainedModel, _ loss: DistillationLoss) {
        self.teacher = teacher
        self.loss = loss
        teacherDigest = teacher.digest
    }

    /// What the settings ask for; nil: clients learn from labels alone.
    /// - Parameters:
    ///   - given: the teacher; nil: it is read from its file.
    ///   - student: the model that clients train.
    /// - Throws: `ConfigurationError` when there is no such teacher, or it cannot teach this student on these data.
    init?(_ settings: RunSettings, _ given: TrainedModel?, student: Model) throws(ConfigurationError) {
        guard let path = settings.teacher, let loss = settings.distillationLoss else { return nil }
        let teacher: TrainedModel
        if let given { teacher = given } else { teacher = try TrainedModel(reading: path) }
        guard teacher.model.input.extents == student.input.extents, teacher.model.classes == student.classes else {
            throw ConfigurationError(
                "the teacher '\(path)', a \(teacher.model.name), takes \(teacher.model.input) images of "
                    + "\(teacher.model.classes) classes; its student '\(student.name)' takes \(student.input) of "
                    + "\(student.classes)")
        }
        guard teacher.weights.allSatisfy(\.isFinite) else {
            throw ConfigurationError("the teacher '\(path)' has weights that are no numbers")
        }
        self.init(teacher, loss)
    }
}

extension TrainedModel {
    /// Equal for equal weights of the same model. O(weights).
    var digest: UInt64 {
        var hash = StableHash()
        hash.add(model.name)
        for weight in weights { hash.add(Int(weight.bitPattern)) }
        return hash.value
    }
}
