import MPI

/// Wrong arguments: each is an `MPIError` that names the function, on the rank that made the mistake.
///
/// No case lets ranks disagree about a collective, which MPI leaves undefined. Roots and peers that do not
/// exist are tried just behind the last rank, at the ends of `Int`, which must not be cut to a valid C `int`,
/// and at -1 and -2, which libraries use for wildcards and for no process.
extension CommunicatorContract {
    /// The cases of wrong arguments.
    static let errors: [ContractCase] = [
        ContractCase("an invalid root is an error that names the function") { world, checks in
            for root in [world.size, -1, Int.max] {
                var data = Buffer<Float>(count: 3)
                try checks.expectError("bcast", "broadcast from \(root)") { try world.broadcast(&data, root: root) }
                try checks.expectError("reduce", "reduce to \(root)") {
                    try world.reduce(&data, .sum, root: root)
                }
                try checks.expectError("bcast", "startBroadcast from \(root)") {
                    _ = try world.startBroadcast(Buffer<Float>(count: 3), root: root).wait()
                }
            }
        },
        ContractCase("an invalid destination, source or tag is an error") { world, checks in
            let data = Buffer<Float>(count: 3)
            var room = Buffer<Float>(count: 3)
            for rank in [world.size, -1, -2, Int.min] {
                try checks.expectError("send", "send to \(rank)") { try world.send(data, to: rank, tag: 0) }
                try checks.expectError("recv", "receive from \(rank)") {
                    try world.receive(into: &room, from: rank, tag: 0)
                }
            }
            try checks.expectError("send", "send with tag -1") { try world.send(data, to: 0, tag: -1) }
            try checks.expectError("recv", "receive with tag -1") {
                try world.receive(into: &room, from: 0, tag: -1)
            }
        },
        ContractCase("a message longer than its receive is an error", minimumSize: 2) { world, checks in
            if world.rank == 1 { try world.send(Buffer<Float>(count: 20), to: 0, tag: 4) }
            if world.rank == 0 {
                var room = Buffer<Float>(count: 3)
                try checks.expectError("recv", "20 elements into 3") { try world.receive(into: &room, from: 1, tag: 4) }
            }
            try world.barrier()
        },
    ]
}
