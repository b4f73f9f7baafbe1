import Runtime

extension TransferClock {
    /// A frame has come by broadcast; the round is its round from here on.
    func endBroadcast(_ header: RoundFrame.Header, bytes: Int, clients: Int) {
        endBroadcast(
            round: header.kind == .train ? header.round.number : nil, sent: header.sent,
            gatherOpened: header.gatherOpened, bytes: bytes, clients: clients)
    }
}
