public import FedCore

extension Job {
    /// The order of the run's step hooks and stages by name, client halves forwards and server halves backwards, as
    /// they are called in a round. Printed in the run's header, because the order is part of what a result means.
    public var stageOrder: StageOrder {
        func names(_ half: StageHalves) -> [String] {
            stages.map { type(of: $0) }.filter { $0.halves.contains(half) }.map { $0.name }
        }
        return StageOrder(
            step: stepHooks.map { type(of: $0).name }, client: names(.client), server: names(.server).reversed())
    }
}
