import MPI

/// Communicators made of communicators: who is in them, in which order, and that their messages stay apart.
///
/// - `split` orders by key first: a program names a leader by giving it the lowest key.
/// - A rank without color takes part in the call and gets nothing.
/// - `splitByHost` leaves no rank out, wherever the ranks are.
/// - Messages of a duplicate never match receives on the original, even with the same tag: parts of the program
///   that poll any source depend on it.
/// - `createGroup` needs only its members: the case leaves rank 1 out, as if it were dead.
/// - Groups are made of groups and freed again and again; a library gives the number of a freed one to the next.
extension CommunicatorContract {
    /// The cases of split, splitByHost, duplicate and createGroup.
    static let groups: [ContractCase] = [
        ContractCase("split makes one communicator per color, ordered by key") { world, checks in
            let color = world.rank % 2
            // The last rank comes first.
            guard let part = try world.split(color: color, key: -world.rank) else {
                return checks.expect(false, "no communicator")
            }
            let members = (0..<world.size).filter { $0 % 2 == color }.reversed()
            checks.expectEqual(part.size, members.count, "size")
            checks.expectEqual(part.rank, Array(members).firstIndex(of: world.rank) ?? -1, "rank")
            var all = Buffer<Int64>(count: part.size)
            try part.gather(Buffer<Int64>([Int64(world.rank)]), into: &all, root: 0)
            if part.rank == 0 { checks.expectEqual(all.array(), members.map { Int64($0) }, "members") }
            try part.free()
        },
        ContractCase("split without color gives no communicator") { world, checks in
            let part = try world.split(color: world.rank == 0 ? 3 : nil, key: 0)
            checks.expectEqual(part != nil, world.rank == 0, "a communicator")
            if let part {
                checks.expectEqual(part.size, 1, "size")
                try part.free()
            }
        },
        ContractCase("splitByHost makes groups ordered by key, each rank in one") { world, checks in
            let host = try world.splitByHost(key: -world.rank)
            var members = Buffer<Int64>(count: host.size)
            try host.gather(Buffer<Int64>([Int64(world.rank)]), into: &members, root: 0)
            if host.rank == 0 {
                let ranks = members.array()
                checks.expectEqual(ranks, ranks.sorted(by: >), "members by descending rank")
            }
            let led = try world.allReduce(Int64(host.rank == 0 ? host.size : 0), .sum)
            checks.expectEqual(led, Int64(world.size), "members of all groups")
            try host.free()
        },
        ContractCase("messages of a duplicate are its own", minimumSize: 2) { world, checks in
            let copy = try world.duplicate()
            checks.expectEqual(copy.rank, world.rank, "rank")
            checks.expectEqual(copy.size, world.size, "size")
            if world.rank == 1 {
                try world.send(Buffer<Int32>([1]), to: 0, tag: 9)
                try copy.send(Buffer<Int32>([2]), to: 0, tag: 9)
            } else if world.rank == 0 {
                var data = Buffer<Int32>(count: 1)
                try copy.receive(into: &data)
                checks.expectEqual(data[0], 2, "message of the duplicate")
                try world.receive(into: &data)
                checks.expectEqual(data[0], 1, "message of the original")
            }
            try copy.free()
        },
        ContractCase("createGroup needs only its members", minimumSize: 3) { world, checks in
            // Rank 1 does not call it.
            let ranks = [2, 0] + Array(3..<world.size)
            if world.rank != 1 {
                guard let group = try world.createGroup(ranks, tag: 77) else {
                    return checks.expect(false, "no communicator")
                }
                checks.expectEqual(group.size, world.size - 1, "size")
                checks.expectEqual(group.rank, ranks.firstIndex(of: world.rank) ?? -1, "rank")
                let sum = try group.allReduce(Int64(world.rank), .sum)
                checks.expectEqual(sum, Int64((0..<world.size).reduce(-1, +)), "sum of its ranks")
                try group.free()
            }
            try world.barrier()
        },
        ContractCase("createGroup gives nothing to others") { world, checks in
            let group = try world.createGroup([world.size - 1], tag: 78)
            checks.expectEqual(group != nil, world.rank == world.size - 1, "a communicator")
            try group?.free()
        },
        ContractCase("groups can be made of groups, again and again") { world, checks in
            for round in 0..<3 {
                guard let group = try world.createGroup(Array(0..<world.size), tag: 79) else {
                    return checks.expect(false, "no communicator")
                }
                let copy = try group.duplicate()
                var data = Buffer<Int32>([Int32(world.rank == 0 ? round : -1)])
                try copy.broadcast(&data, root: 0)
                checks.expectEqual(data[0], Int32(round), "round \(round)")
                try copy.free()
                try group.free()
            }
        },
    ]
}
