import Datasets
import FedCore
import Federation
import NeuralNet
import Records

/// A job's model in two parts: the layers before the cut, which train on the devices, and those behind it, which train
/// on the server. All ranks derive it from the same job; it knows sizes and random streams, and holds no weights.
struct SplitModel: Sendable {
    /// The job that all ranks have agreed on.
    let job: Job
    /// The layers before the cut; one at least.
    let front: Model
    /// The layers behind the cut; one at least.
    let back: Model
    /// Whether the clients share one server part or have a copy each.
    let serverPart: RunSettings.ServerPart
    /// Samples of a full step.
    let batch: Int

    /// Cuts the job's model.
    ///
    /// - Throws: ``ConfigurationError`` when the settings name no cut that leaves a layer on either side.
    init(_ job: Job) throws(ConfigurationError) {
        let model = job.model
        let last = model.layers.count - 1
        guard let cut = job.settings.cut ?? model.cut else {
            throw ConfigurationError("model '\(model.name)' has no cut of its own: give --cut, from 1 to \(last)")
        }
        guard cut >= 1, cut <= last else {
            throw ConfigurationError("--cut is \(cut); model '\(model.name)' can be cut before layers 1 to \(last)")
        }
        try model.checkCut(cut)
        guard let serverPart = job.settings.serverPart else {
            preconditionFailure("the settings are those of a model that is trained whole")
        }
        self.job = job
        self.serverPart = serverPart
        batch = job.batchSize
        front = model.part(0..<cut)
        back = model.part(cut..<model.layers.count)
    }

    /// Numbers of one sample that cross the cut, in either direction.
    var features: Int { front.classes }

    /// Range of the devices' parameters in the flat weights of the whole model.
    var frontRange: Range<Int> { 0..<front.parameterCount }

    /// Range of the server's parameters in the flat weights of the whole model.
    var backRange: Range<Int> { front.parameterCount..<job.model.parameterCount }

    /// The steps of a client's schedule.
    func schedule(of client: Int) -> LocalSchedule {
        LocalSchedule(samples: job.partition.count(of: client), batch: batch, job.settings)
    }

    /// The optimizer of a round, with its learning rate, for either part. SGD works element by element, so two halves
    /// of it, each with its own momentum, take the step of the whole model.
    ///
    /// - Parameter round: From 1.
    func optimizer(round: Int) -> SGD {
        SGD(
            learningRate: job.learningRate(round: round), momentum: job.localMomentum,
            weightDecay: job.settings.weightDecay)
    }

    /// The random streams of a client's turn: those that it would have if its model were whole, so that order and
    /// dropout masks are the same.
    func streams(of client: Int, _ round: RoundID) -> ClientRandomness {
        ClientRandomness(
            job.settings, client: client, round: round, samples: job.partition.count(of: client),
            batch: batch)
    }
}

/// The steps of a client's turn in a round: its samples, shuffled anew for each epoch, in batches of which an epoch's
/// last may be smaller. Device and server compute it alike, so neither has to tell the other how much is to come.
struct LocalSchedule: Sendable, Equatable {
    /// Training samples of the client.
    let samples: Int
    /// Samples of a full step, > 0.
    let batch: Int
    /// Steps of the turn; 0 for a client without samples.
    let steps: Int
    /// Steps of one epoch: ⌈samples / batch⌉.
    let stepsOfEpoch: Int

    /// Counts the steps.
    ///
    /// - Parameters:
    ///   - samples: Training samples of the client, ≥ 0.
    ///   - batch: Samples of a full step, > 0.
    ///   - settings: Say how many epochs or steps a turn has.
    init(samples: Int, batch: Int, _ settings: RunSettings) {
        self.samples = samples
        self.batch = batch
        stepsOfEpoch = (samples + batch - 1) / batch
        steps = samples == 0 ? 0 : settings.localSteps ?? settings.epochs * stepsOfEpoch
    }

    /// Whether a step is an epoch's first.
    func startsEpoch(_ step: Int) -> Bool { step % stepsOfEpoch == 0 }

    /// A step's samples, as places in the epoch's shuffled order.
    ///
    /// - Parameter step: From 0.
    func places(ofStep step: Int) -> Range<Int> {
        let start = step % stepsOfEpoch * batch
        return start..<min(start + batch, samples)
    }
}
