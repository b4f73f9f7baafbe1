/// The part of its model that a client keeps for itself. It is part of the client's state, which travels with the
/// client between ranks and is in checkpoints.
public enum Personalization: Sendable, Equatable {
    /// Nothing: every client has the global model.
    case none
    /// Some parameters, which never reach the server; ``Strategy/personalParameters(_:)`` says which. They start from
    /// the initial weights. Only the other parameters are federated, and all vectors are of their number.
    case parameters
    /// A whole model of its own, which starts from the initial weights and is trained after the global one, with
    /// gradients that ``Strategy/correctPersonal(_:weights:global:)`` corrects. Training costs twice as much.
    case model
}
