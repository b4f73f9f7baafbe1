import Datasets
import FedCore
import Federation
import NeuralNet
import Records

/// A job's model in two parts: the layers before the cut, which train on the devices, and those behind it, which train on the
/// server.
struct SplitModel: Sendable {
    let job: Job
    let front: Model
    let back: Model
    let serverPart: RunSettings.ServerPart
    /// Samples of a full step.
    let batch: Int

    /// - Throws: `ConfigurationError` when the settings name no cut that leaves a layer on either side.
    init(_ job: Job) throws(ConfigurationError) {
        let model = job.model
        let last = model.layers.count - 1
        guard let cut = job.settings.cut else {
            throw ConfigurationError("model '\(model.name)' has no cut of its own: give --cut, from 1 to \(last)")
        }
        guard cut >= 1, cut <= last else {
            throw ConfigurationError("--cut is \(cut); model '\(model.name)' can be cut before layers 1 to \(last)")
        }
        guard let serverPart = job.settings.serverPart else {
            preconditionFailure("the settings are those of a model that is trained whole")
        }
        self.job = job
        self.serverPart = serverPart
        batch = job.batchSize
        front = model.part(0..<cut)
        back = model.part(cut..<model.layers.count)
    }

    /// Floats of one sample that cross the cut, in either direction.
    var features: Int { front.classes }

    /// Where the flat weights of the whole model have what the devices hold.
    var frontRange: Range<Int> { 0..<front.parameterCount }

    /// Where the flat weights of the whole model have what the server holds.
    var backRange: Range<Int> { front.parameterCount..<job.model.parameterCount }

    /// What one client's turn is made of.
    func turn(of client: Int) -> Turn {
        Turn(samples: job.partition.count(of: client), batch: batch, job.settings)
    }

    /// η and the like of a round, for either part.
    func optimizer(round: Int) -> SGD {
        SGD(
            learningRate: job.learningRate(round: round), momentum: job.localMomentum,
            weightDecay: job.settings.weightDecay)
    }

    /// The random streams of a client's turn: those it would have if its model were whole.
    func streams(of client: Int, _ round: RoundID) -> TurnStreams {
        TurnStreams(
            job.settings, client: client, round: round, samples: job.partition.count(of: client),
            batch: batch)
    }
}

/// The steps of a client's turn: its samples, shuffled anew for each epoch, in batches of which an epoch's last may be smaller.
struct Turn: Sendable, Equatable {
    let samples: Int
    let batch: Int
    let steps: Int
    let stepsOfEpoch: Int

    /// - Parameter settings: say how many epochs or steps it has.
    init(samples: Int, batch: Int, _ settings: RunSettings) {
        self.samples = samples
        self.batch = batch
        stepsOfEpoch = (samples + batch - 1) / batch
        steps = samples == 0 ? 0 : settings.localSteps ?? settings.epochs * stepsOfEpoch
    }

    /// Whether a step is an epoch's first.
    func startsEpoch(_ step: Int) -> Bool { step % stepsOfEpoch == 0 }

    /// A step's samples, as places in the epoch's order.
    func places(ofStep step: Int) -> Range<Int> {
        let start = step % stepsOfEpoch * batch
        return start..<min(start + batch, samples)
    }
}
