import Devices
public import FedCore

extension RunSettings {
    /// Refuses values outside their ranges, naming the option and what it accepts.
    public func validate() throws(ConfigurationError) {
        func require(_ condition: Bool, _ option: String, _ value: Any, _ accepts: String)
            throws(ConfigurationError)
        {
            guard condition else { throw ConfigurationError("--\(option) is \(value); it must be \(accepts)") }
        }
        try require(rounds >= 1, "rounds", rounds, "at least 1")
        try require(clients >= 1, "clients", clients, "at least 1")
        // Rounds and clients are coordinates of random streams, and numbers of 32 bits on the wire.
        try require(rounds <= Int(UInt32.max), "rounds", rounds, "at most \(UInt32.max)")
        try require(clients <= Int(UInt32.max), "clients", clients, "at most \(UInt32.max)")
        try require(clientFraction > 0 && clientFraction <= 1, "client-fraction", clientFraction, "in (0, 1]")
        try require(samplesPerClient >= 1, "samples-per-client", samplesPerClient, "at least 1")
        try require(alpha > 0 && alpha.isFinite, "alpha", alpha, "greater than 0")
        try require(clientTest >= 0 && clientTest < 1, "client-test", clientTest, "in [0, 1)")
        try require(epochs >= 0 && epochs <= 1 << 20, "epochs", epochs, "from 0 to \(1 << 20)")
        try require(batchSize >= 1 && batchSize <= 65_536, "batch-size", batchSize, "from 1 to 65536")
        try require(lr > 0 && lr.isFinite, "lr", lr, "greater than 0")
        try require(momentum >= 0 && momentum < 1, "momentum", momentum, "in [0, 1)")
        try validateTraining(require)
        try require(weightDecay >= 0 && weightDecay.isFinite, "weight-decay", weightDecay, "at least 0")
        try require(ThreadCount.range.contains(threads), "threads", threads, ThreadCount.words)
        try require(
            failureTimeout >= 1 && failureTimeout <= 86_400, "failure-timeout", failureTimeout,
            "from 1 to 86400 seconds")
        if let roundDeadline {
            try require(
                roundDeadline > 0 && roundDeadline <= 1e6, "round-deadline", roundDeadline,
                "greater than 0 and at most 1000000 seconds")
        }
        try require(
            minClients >= 0 && minClients <= cohortSize, "min-clients", minClients,
            "from 0 to the \(cohortSize) clients of a round")
        try require(roundRetries >= 0 && roundRetries <= 1000, "round-retries", roundRetries, "from 0 to 1000")
        try require(
            attackers >= 0 && attackers <= clients, "attackers", attackers, "from 0 to the \(clients) clients")
        try require((attackers > 0) == (attack != nil), "attackers", attackers, "given together with --attack")
        try validateSimulation(require)
        for fault in inject { _ = try Fault(fault) }
        try require(evalEvery >= 1, "eval-every", evalEvery, "at least 1")
    }

    private func validateTraining(
        _ require: (Bool, String, Any, String) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        try validateDistillation(require)
        _ = try learningRateSchedule
        try require(
            warmupRounds >= 0 && warmupRounds <= 1 << 20, "warmup-rounds", warmupRounds, "from 0 to \(1 << 20)")
        try require(serverLr > 0 && serverLr.isFinite, "server-lr", serverLr, "greater than 0")
        if let localSteps {
            try require(localSteps >= 1 && localSteps <= 1 << 30, "local-steps", localSteps, "from 1 to \(1 << 30)")
        }
        if let clipGradients {
            try require(clipGradients > 0 && clipGradients.isFinite, "clip-gradients", clipGradients, "greater than 0")
        }
        if let targetAccuracy {
            try require(
                targetAccuracy > 0 && targetAccuracy <= 1, "target-accuracy", targetAccuracy, "in (0, 1]")
        }
        if let patience { try require(patience >= 1, "patience", patience, "at least 1") }
        if let budgetMb { try require(budgetMb > 0 && budgetMb.isFinite, "budget-mb", budgetMb, "greater than 0") }
    }

    private func validateSimulation(
        _ require: (Bool, String, Any, String) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        for (name, value) in [("straggler-prob", stragglerProb), ("drop-prob", dropProb)] {
            try require(value >= 0 && value <= 1, name, value, "in [0, 1]")
        }
        for (name, value) in [("straggler-delay", stragglerDelay), ("latency-ms", latencyMs)] {
            try require(value >= 0 && value <= 1e6, name, value, "from 0 to 1000000")
        }
        if let bandwidthMbps {
            try require(
                Link.possibleMegabitsPerSecond.contains(bandwidthMbps), "bandwidth-mbps", bandwidthMbps,
                "from 0.001 to 1000000")
        }
        if let deviceSpeed {
            try require(deviceSpeed > 0 && deviceSpeed.isFinite, "device-speed", deviceSpeed, "greater than 0")
        }
        try require(deviceSpread >= 0 && deviceSpread <= 5, "device-spread", deviceSpread, "from 0 to 5")
        guard deviceSpread == 0 || deviceSpeed != nil else {
            throw ConfigurationError(
                "--device-spread \(deviceSpread) spreads the speed of devices; it needs --device-speed")
        }
    }
}
