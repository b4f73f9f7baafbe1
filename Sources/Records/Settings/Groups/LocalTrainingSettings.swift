public import FedCore

/// Settings of every client's local training.
public enum LocalTrainingSettings: SettingsGroup {
    public static let title = "Local training"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "epochs", &settings.epochs, .in(0...1 << 20), "Passes over a client's samples per round.")
        try visitor.value(
            "local-steps", &settings.localSteps, .in(1...1 << 30),
            "Steps of local training a round for every client, instead of epochs.")
        try visitor.value("batch-size", &settings.batchSize, .in(1...65_536), "Samples per step of local training.")
        try visitor.value(
            "augment", &settings.augment,
            "Change pictures at random in local training: crop:PIXELS, flip, or crop:PIXELS,flip.")
        try visitor.value(
            "loss", &settings.loss, absent: "by the labels", of: "loss", "What local training makes small: {choices}.")
        try visitor.options("loss-options", &settings.lossOptions, of: "loss")
        try visitor.value(
            "optimizer", &settings.optimizer, of: "optimizer",
            "How a step of local training moves the weights: {choices}.")
        try visitor.options("optimizer-options", &settings.optimizerOptions, of: "optimizer")
        try visitor.value(
            "precision", &settings.precision,
            "Type of the numbers that local training multiplies: f32, or bf16 on processors that have it (AVX512-BF16, AMX); "
                + "weights, sums and the optimizer stay in f32.")
        try visitor.value("lr", &settings.lr, .above(0), "Learning rate of the local optimizer.")
        try visitor.value(
            "lr-schedule", &settings.lrSchedule, of: "learning-rate schedule",
            "How the learning rate changes from round to round: {choices}.")
        try visitor.options("lr-schedule-options", &settings.lrScheduleOptions, of: "learning-rate schedule")
        try visitor.value(
            "warmup-rounds", &settings.warmupRounds, .in(0...1 << 20),
            "Rounds over which the learning rate rises in equal steps.")
        try visitor.value(
            "clip-gradients", &settings.clipGradients, .above(0),
            "Scale the gradient of each step down to this L2 norm.")
        try visitor.value(
            "clip-updates", &settings.clipUpdates, .above(0),
            "Scale what a client has learnt in a round down to this L2 norm, at the client, before it is compressed or masked: a "
                + "bound of what one client can change, as far as its program is trusted.")
        try visitor.value(
            "momentum", &settings.momentum, .shareBelowOne, "Momentum of local SGD; it starts from zero each round.")
        try visitor.value(
            "weight-decay", &settings.weightDecay, .atLeast(0),
            "Weight decay of the local optimizer: an L2 penalty, which adamw keeps out of the gradient.")
    }
}
