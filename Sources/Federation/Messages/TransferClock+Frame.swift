import Runtime

extension TransferClock {
    /// Ends the wait for a frame that has come by broadcast; from here on time is counted to its round. A frame that
    /// trains nobody begins no round.
    /// - Parameters:
    ///   - header: the frame's header, with the server's times.
    ///   - bytes: size of the frame.
    ///   - clients: clients of this worker.
    func endBroadcast(_ header: RoundFrame.Header, bytes: Int, clients: Int) {
        endBroadcast(
            round: header.kind == .train ? header.round.number : nil, sent: header.sent,
            gatherOpened: header.gatherOpened, bytes: bytes, clients: clients)
    }
}
