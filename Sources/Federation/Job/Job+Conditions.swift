import Devices
import FedCore
import Records

// What a client's device does in a round, the same on whichever rank it is asked.
extension Job {
    /// What happens to a client's device in a round: delay, dropout, speed, times of its link. Drawn from the seed.
    /// - Parameter terms: who downloads the weights in coded form, and of a fleet, who goes away or is away.
    func conditions(
        ofClient client: Int, _ round: RoundID, _ terms: RoundTerms = RoundTerms()
    ) -> DeviceConditions {
        let down =
            terms.informed.contains(client)
            ? downloadFrameBytes + terms.codedBytes : downloadBytes(ofClient: client, round: round.number)
        var conditions = settings.simulation.conditions(
            ofClient: client, round: round.number, attempt: round.attempt, seed: settings.seed, downloadBytes: down,
            uploadBytes: uploadBytes)
        if let fleet {
            fleet.apply(
                to: &conditions, client: client, isAway: terms.away.contains(client),
                width: submodels?.width(ofClient: client, round: round.number) ?? scores?.own(client) ?? 0,
                downloadBytes: down,
                uploadBytes: uploadBytes)
            if terms.gone.contains(client) { conditions.isDropped = true }
        }
        return conditions
    }

    /// Simulated seconds of sending a byte, under these conditions.
    func secondsPerByte(_ conditions: DeviceConditions) -> Double {
        (conditions.upload - (fleet == nil ? settings.simulation.link.latencyMilliseconds / 1000 : 0))
            / Double(uploadBytes)
    }
}
