/// A file that `fedmpi init` writes. Tests read each by the reader of the command that it is for.
struct StarterFile {
    /// Its name in the folder.
    let name: String
    /// The command that takes it.
    let use: String
    /// Its contents.
    let text: String

    /// All, in the order in which they are written.
    static let all = [run, sweep, fleet, profiles]

    /// Settings of one run.
    static let run = StarterFile(
        name: "run.yaml", use: "mpirun -np 6 fedmpi --config run.yaml",
        text: """
            # A run:     mpirun -np 6 fedmpi --config run.yaml
            # Check it:  fedmpi train --dry-run --config run.yaml
            # Every key is an option of `fedmpi train`: `fedmpi help settings` lists them, options on the command
            # line override this file. A finished run's config.json can be given the same way.

            run-name: first            # its folder below results/

            # Data: fashion-mnist comes from Debian's package dataset-fashion-mnist. Yours: `fedmpi help dataset`,
            # such as csv:table.csv with dataset-options: {label: column}.
            dataset: fashion-mnist
            partition: dirichlet       # who holds what; `fedmpi partition --config run.yaml` shows it
            alpha: 0.5                 # smaller is more skewed: 0.1 is hard, 100 is nearly even

            # Model: a name (`fedmpi models`), a list of layers, or onnx:FILE.
            model: edgecnn-small

            # The federation.
            clients: 10                # ranks share them; one process can train them all
            client-fraction: 0.5       # of them are asked in a round
            rounds: 10
            strategy: fedavg           # others: `fedmpi help strategy`
            # strategy-options: {mu: 0.01}

            # What each client does in a round.
            epochs: 1
            batch-size: 32
            lr: 0.05
            momentum: 0.9

            seed: 42                   # the same seed gives the same weights on any number of ranks

            # compress: topk 0.01      # smaller updates: `fedmpi help compress`
            # target-accuracy: 0.85    # ends the run early
            # client-test: 0.2         # each client keeps this share of its samples to test on

            """)

    /// A grid of runs.
    static let sweep = StarterFile(
        name: "sweep.yaml", use: "mpirun -np 6 fedmpi sweep sweep.yaml",
        text: """
            # A grid of runs: mpirun -np 6 fedmpi sweep sweep.yaml        (--dry-run lists the runs)
            # With data of yours that have no test split, add seed to dataset-options, as in
            # {label: kind, seed: 7}: else each seed below holds out other samples to test on.
            # It ends in one table and one picture, results/sweep. Started again, it goes on where it was.
            base:                      # of every run: any options of `fedmpi train`
              dataset: fashion-mnist
              model: logistic
              clients: 10
              rounds: 10
              lr: 0.05
            grid:                      # every combination
              strategy: [fedavg, scaffold]
              alpha: [0.1, 10]
              seed: [1, 2, 3]          # runs that differ in nothing else are one row: mean and deviation
            target: 0.7                # rounds, MB and seconds until this accuracy

            """)

    /// A simulated fleet.
    static let fleet = StarterFile(
        name: "fleet.yaml", use: "fedmpi fleet fleet.yaml",
        text: """
            # A fleet of devices, simulated: batteries, links, habits.
            # Its days:        fedmpi fleet fleet.yaml
            # Train on it:     mpirun -np 6 fedmpi --clients 100 --client-fraction 0.1 --fleet fleet.yaml
            # Keys and units:  fedmpi fleet --keys. What is left out is a phone's.
            name: mine
            classes:
              phone:
                share: 7               # parts of the fleet
                gflops: 20             # speed of training
                battery-mah: 4000
                away-radio: lte        # at home it is on Wi-Fi
              old-phone:
                share: 2
                gflops: 4
                memory-kb: 65536
                battery-mah: 2600
              gateway:
                share: 1
                gflops: 40
                battery-mah: 0         # on mains
                train-watts: 3.5       # above idle
                idle-watts: 2.5
                radio: wired
                use-hours: 0
                away-share: 0

            """)

    /// Devices that serve.
    static let profiles = StarterFile(
        name: "profiles.yaml", use: "fedmpi serve --models RUN --profiles profiles.yaml",
        text: """
            # Devices that serve trained models: mpirun -np 4 fedmpi serve --models results/first --profiles profiles.yaml
            # Each rank from 1 on serves as one of them, each in a process of its own. What is left out is the
            # machine's that stands in for the device. All keys with units and ranges: `fedmpi help profiles`.
            # Memory, cores and GFLOP/s decide the tier, which bounds a model's size: `fedmpi help tiers`.
            - name: gateway
              cores: 4                 # the process is held to so many, where the machine has more
              ram-mb: 4000             # memory in MB; the kernel holds the process to it
              gflops: 48               # of all cores; a core slower than this machine's is simulated
              link-mbps: 300           # shown only, as are clock-mhz and bandwidth-gbs
              idle-watts: 2.5          # with busy-watts: the energy estimate, always simulated
              busy-watts: 6
            - name: camera
              cores: 1
              ram-mb: 512
              gflops: 2
              cpu-share: 0.5           # of each core's time; kept by a control group where one may be made
              idle-watts: 0.8
              busy-watts: 1.8
            - name: sensor
              cores: 1
              gflops: 0.25
              model-mb: 0.3            # memory for one model alone; takes the place of a tier
              idle-watts: 0.1
              busy-watts: 0.5

            """)
}
