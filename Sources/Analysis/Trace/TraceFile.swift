import FedCore
import Records
import Telemetry

/// A run as a trace that Perfetto and Chrome open, in the JSON object format (*Trace Event Format*, the Chromium
/// project, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU).
///
/// A process per rank. Slices nest: round, phase, client. Arrows go from sender to receiver, counters tell bytes and
/// accuracy, instants tell faults. Times are microseconds on the run's time axis, which is the format's unit, too.
///
/// The field `ph` is an event's kind: `M` names a process or thread, `X` is a slice, `s` and `f` are the ends of an
/// arrow, `C` is a counter and `i` an instant.
struct TraceFile {
    /// Name of the file in the run's folder.
    static let name = "trace.json"

    /// The whole file, as UTF-8.
    private(set) var bytes = Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[".utf8)
    /// Whether no event is written yet, so that none but the first follows a comma.
    private var isFirst = true
    /// Number of arrows so far: they have ids.
    private var flows = 0

    /// Writes the trace of a run.
    ///
    /// - Parameters:
    ///   - run: with timing logs; without them the trace has no rank.
    ///   - account: its times, added up.
    /// - Complexity: O(events), and for the arrows, round by round, transfers of all clients · transfers of the server.
    init(_ run: RecordedRun, _ account: TimeAccount) {
        let timing = run.timing
        let withClients = timing.showsClients
        for rank in timing.ranks {
            addNames(rank)
            addSlices(rank, withClients: withClients)
            addBytes(rank)
        }
        if let server = timing.server { addArrows(server, timing.clients) }
        addRounds(run.log, account)
        addFaults(run, account)
        bytes += Array("\n]}\n".utf8)
    }

    /// Writes an event on a line of its own.
    ///
    /// - Parameter event: a JSON object, whose texts are escaped.
    private mutating func add(_ event: String) {
        bytes += Array((isFirst ? "\n" : ",\n").utf8)
        bytes += Array(event.utf8)
        isFirst = false
    }

    /// Says what a rank is called and where it stands among the others: in the order of their numbers, the server
    /// first.
    private mutating func addNames(_ rank: RankTiming) {
        let role = rank.rank == 0 ? "server" : "client"
        add(
            "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":\(rank.rank),\"args\":{\"name\":"
                + "\"rank \(rank.rank) \(role) \(rank.hostNames.escapedForJSON)\"}}")
        add(
            "{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":\(rank.rank),\"args\":{\"sort_index\":"
                + "\(rank.rank)}}")
        add("{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":\(rank.rank),\"tid\":0,\"args\":{\"name\":\"rounds\"}}")
    }

    // MARK: Slices

    /// Writes the rounds of a rank, their phases, and the turns of clients in these.
    ///
    /// - Parameters:
    ///   - rank: what it logged.
    ///   - withClients: whether each client's turn is a slice.
    private mutating func addSlices(_ rank: RankTiming, withClients: Bool) {
        for round in rank.rounds {
            add(Self.slice(round.name, "round", rank.rank, round.start, round.end - round.start))
            for phase in round.phases(withClients: withClients) {
                let arguments = phase.counts.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
                add(Self.slice(phase.name, "phase", rank.rank, phase.start, phase.end - phase.start, arguments))
                if withClients { addClients(phase.turns, rank.rank) }
            }
        }
    }

    /// Writes the clients' turns of a phase. Turns for no single client have no slice: the phase's is theirs.
    ///
    /// - Parameters:
    ///   - turns: events of the phase.
    ///   - rank: number of the rank.
    private mutating func addClients(_ turns: ArraySlice<TimingEvent>, _ rank: Int) {
        for turn in turns {
            guard let client = turn.client else { continue }
            add(
                Self.slice(
                    "client \(client)", "client", rank, turn.start, turn.duration,
                    turn.samples > 0 ? "\"samples\":\(turn.samples)" : ""))
        }
    }

    /// A slice as JSON.
    ///
    /// - Parameters:
    ///   - name: what stands in it; it must need no escaping.
    ///   - category: by which the viewer can filter: `round`, `phase` or `client`.
    ///   - rank: number of the rank, which is the process.
    ///   - start: microseconds on the run's time axis.
    ///   - duration: microseconds.
    ///   - arguments: pairs of JSON that are shown when the slice is selected.
    private static func slice(
        _ name: String, _ category: String, _ rank: Int, _ start: Int, _ duration: Int, _ arguments: String = ""
    ) -> String {
        "{\"ph\":\"X\",\"name\":\"\(name)\",\"cat\":\"\(category)\",\"pid\":\(rank),\"tid\":0,\"ts\":\(start),"
            + "\"dur\":\(duration)" + (arguments.isEmpty ? "}" : ",\"args\":{\(arguments)}}")
    }

    // MARK: Arrows

    /// Weights from the server's broadcast to each client's, updates from each client's gather to the server's: the
    /// first with the first of a round, the second with the second.
    ///
    /// An event without a partner has no arrow, as after a loss, or where transfers on the two sides are not equally
    /// many.
    private mutating func addArrows(_ server: RankTiming, _ clients: [RankTiming]) {
        for phase in [Phase.broadcast, .gather] {
            var ofServer: [Int: [TimingEvent]] = [:]
            for event in server.events where event.phase == phase && event.duration > 0 {
                ofServer[event.round, default: []].append(event)
            }
            for client in clients {
                var seen: [Int: Int] = [:]
                for event in client.events where event.phase == phase && event.duration > 0 {
                    // Those of a collective, and those of messages with this rank alone.
                    let partners = ofServer[event.round]?.filter { $0.peer ?? 0 == 0 || $0.peer == client.rank } ?? []
                    let place = seen[event.round, default: 0]
                    seen[event.round] = place + 1
                    guard place < partners.count else { continue }
                    let partner = partners[place]
                    if phase == .broadcast {
                        addArrow("weights", (0, partner), (client.rank, event))
                    } else {
                        addArrow("updates", (client.rank, event), (0, partner))
                    }
                }
            }
        }
    }

    /// Writes an arrow between two events: its two ends have one id.
    ///
    /// - Parameters:
    ///   - name: what moved.
    ///   - sender: from whose start the arrow goes.
    ///   - receiver: to whose last microsecond it goes; its end must be within the event, for a viewer binds it to the
    ///     slice around it.
    private mutating func addArrow(
        _ name: String, _ sender: (rank: Int, event: TimingEvent), _ receiver: (rank: Int, event: TimingEvent)
    ) {
        flows += 1
        // Within its slices, and never backwards.
        let start = min(sender.event.start, receiver.event.end - 1)
        let common = "\"name\":\"\(name)\",\"cat\":\"transfer\",\"id\":\(flows),\"tid\":0"
        add("{\"ph\":\"s\",\(common),\"pid\":\(sender.rank),\"ts\":\(max(start, sender.event.start))}")
        add("{\"ph\":\"f\",\"bp\":\"e\",\(common),\"pid\":\(receiver.rank),\"ts\":\(receiver.event.end - 1)}")
    }

    // MARK: Counters and instants

    /// Writes how many bytes a rank has sent and received so far, after each event that moved some. They are the
    /// events' bytes; control messages are not among them.
    private mutating func addBytes(_ rank: RankTiming) {
        var sent = 0
        var received = 0
        for event in rank.events where event.bytesIn > 0 || event.bytesOut > 0 {
            sent += event.bytesOut
            received += event.bytesIn
            add(
                "{\"ph\":\"C\",\"name\":\"bytes\",\"pid\":\(rank.rank),\"ts\":\(event.end),\"args\":{\"sent\":\(sent),"
                    + "\"received\":\(received)}}")
        }
    }

    /// Writes the accuracy on the test set after each round, in percent, and how many of its clients failed in which
    /// way. Rounds that the timing logs do not have are left out, because nothing tells when they were.
    private mutating func addRounds(_ log: RoundLog, _ account: TimeAccount) {
        let ends = Dictionary(account.rounds.map { ($0.round, $0.end) }) { $1 }
        for round in log.rounds {
            guard let end = ends[round.round] else { continue }
            if let accuracy = round.accuracy, accuracy.isFinite {
                add(
                    "{\"ph\":\"C\",\"name\":\"accuracy %\",\"pid\":0,\"ts\":\(end),\"args\":{\"server\":"
                        + "\(100 * accuracy)}}")
            }
            let faults: [(String, Int)] = [
                ("late", round.late), ("dropped", round.dropped), ("rejected", round.rejected),
                ("repeated", round.attempts - 1),
            ]
            for (name, count) in faults where count > 0 {
                addInstant("\(name): \(count) in round \(round.round)", 0, end)
            }
        }
    }

    /// Writes what went wrong with ranks, at the moment that is known best, and when the run was continued. Faults that
    /// name no rank, or a round without times, are left out.
    private mutating func addFaults(_ run: RecordedRun, _ account: TimeAccount) {
        let timing = run.timing
        for start in timing.starts.dropFirst() { addInstant("run continued", 0, start) }
        let starts = Dictionary(account.rounds.map { ($0.round, $0.start) }) { $1 }
        for fault in run.faults {
            guard let rank = fault.rank, let start = starts[fault.round] else { continue }
            // The log tells the round; the server's `reform` tells the moment.
            let reform = timing.server?.events.first { $0.phase == .reform && $0.round == fault.round }
            addInstant("\(fault.kind.words.escapedForJSON): rank \(rank)", 0, reform?.start ?? start)
        }
        for rank in run.silentRanks {
            addInstant("the log of rank \(rank.rank) ends", rank.rank, rank.events.last?.end ?? 0)
        }
    }

    /// Writes a mark across all of a rank.
    ///
    /// - Parameters:
    ///   - name: what happened; it must need no escaping.
    ///   - rank: number of the rank.
    ///   - time: microseconds on the run's time axis.
    private mutating func addInstant(_ name: String, _ rank: Int, _ time: Int) {
        add(
            "{\"ph\":\"i\",\"s\":\"p\",\"name\":\"\(name)\",\"cat\":\"fault\",\"pid\":\(rank),\"tid\":0,"
                + "\"ts\":\(time)}")
    }
}
