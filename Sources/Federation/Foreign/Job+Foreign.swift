import Aggregation
import Devices
import FedCore
import NeuralNet
import Records

extension Job {
    /// Refuses what client ranks of another program do not do, with the reason.
    ///
    /// Everything at the server works: strategies whose difference is there, aggregation and selection rules, FedBuff.
    func validateForeign() throws(ConfigurationError) {
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("\(what) is not for client ranks of another program: \(why)")
        }
        guard strategy.portableHalf != nil else {
            throw refuse("strategy '\(settings.strategy)'", "they do not have its client half")
        }
        if aggregation.rootSamples > 0 {
            throw refuse("aggregation '\(settings.aggregation)'", "it trains an update at the server")
        }
        if settings.simulation.takesTime || settings.simulation.dropProbability > 0 {
            throw refuse("a simulation of devices", "they train as fast as they can")
        }
        if let attack = settings.attack { throw refuse("--attack \(attack)", "they do not have its client half") }
        if let privacy = settings.privacy {
            throw refuse("--privacy \(privacy.rawValue)", "they do not have its client half")
        }
        if secure != nil { throw refuse("--secure-aggregation", "they do not have its client half") }
        if settings.clipGradients != nil { throw refuse("--clip-gradients", "clip in the client program") }
        if settings.clipUpdates != nil { throw refuse("--clip-updates", "clip in the client program") }
        if settings.precision != .single {
            throw refuse("--precision \(settings.precision.rawValue)", "choose it in the client program")
        }
        if distillation != nil { throw refuse("--teacher", "teach in the client program") }
        if settings.topology != .flat {
            throw refuse("--topology \(settings.topology)", "they know the way between rank 0 and each rank alone")
        }
        if settings.edges > 0 { throw refuse("--edges", "they know the way between rank 0 and each rank alone") }
        if settings.compress != nil { throw refuse("--compress", "they send updates as they are") }
        if settings.compressDown != nil { throw refuse("--compress-down", "they read weights as they are") }
        if let fault = settings.inject.first { throw refuse("--inject \(fault)", "they make no faults") }
        if model.isExternal, settings.clientTest > 0 {
            throw refuse("--client-test", "the client program has the test data")
        }
        let known: Set<String> = [ServerRate.name, RunningStatistics.name]
        if let stage = stages.first(where: {
            type(of: $0).halves.contains(.client) && !known.contains(type(of: $0).name)
        }) {
            throw refuse("stage '\(type(of: stage).name)'", "they do not have its client half")
        }
    }
}
