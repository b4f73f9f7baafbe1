import FedMPI

// Trains with a strategy, a stage and a model that fedmpi does not have:
//     mpirun -np 3 plugin --rounds 5 --strategy-options beta=0.5
Program.run("plugin") { world in
    var plugins = Plugins.standard
    try plugins.strategies.add(OuterNesterov.self)
    try plugins.models.add(.twoHiddenLayers)
    // An attacker forges what it would have sent.
    try plugins.stages.add(SignUpdate.self, before: ForgedUpdate.name)

    var settings = RunSettings()
    settings.strategy = OuterNesterov.name
    settings.model = Architecture.twoHiddenLayers.name
    settings.dataset = "synthetic"
    settings.rounds = 3
    settings.lr = 0.02
    try settings.read(arguments: CommandLine.arguments.dropFirst())

    return try Session.run(world.rank == 0 ? settings : nil, plugins: plugins, on: world) { _ in [RoundPrinter()] }
}
