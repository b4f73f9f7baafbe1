import FedCore
import Testing

@testable import Aggregation

@Suite struct AttackTests {
    private var stream: RandomStream { RandomStream(seed: 3, .synthesis) }

    private func attack<A: Attack>(_ type: A.Type, _ options: NamedOptions = [:]) throws -> A {
        try #require(try Attacks.standard.named(A.name, options) as? A)
    }

    private func forged(_ attack: some UpdateAttack, _ update: [Float]) -> [Float] {
        var (result, stream) = (update, stream)
        var span = result.mutableSpan
        attack.forge(&span, stream: &stream)
        return result
    }

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Attacks.all.map { $0.name }).count == Attacks.all.count)
        for attack in Attacks.all {
            #expect(!attack.name.isEmpty && attack.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
            #expect(!attack.summary.isEmpty && !attack.summary.contains("\n"))
        }
    }

    @Test(arguments: Attacks.all.map { $0.name }) func isFoundByItsNameAndRefusesUnknownOptions(name: String) throws {
        let attack = try Attacks.standard.named(name)
        #expect(type(of: attack).name == name)
        #expect(attack is any DataAttack || attack is any UpdateAttack || attack is any CollusionAttack)
        #expect(throws: ConfigurationError.self) { try Attacks.standard.named(name, ["no-such-option": "1"]) }
    }

    @Test func anUnknownNameListsTheCatalog() {
        let choices = Attacks.all.map { $0.name }.joined(separator: ", ")
        #expect(throws: ConfigurationError("unknown attack 'flip'; choose one of: \(choices)")) {
            try Attacks.standard.named("flip")
        }
    }

    @Test func labelFlipTurnsLabelsAround() throws {
        let attack = try attack(LabelFlip.self)
        var (image, stream) = ([Float(0.5)], stream)
        var span = image.mutableSpan
        let labels = (0..<10).map { label -> Int32 in
            var label = Int32(label)
            attack.poison(&span, label: &label, height: 1, width: 1, classes: 10, stream: &stream)
            return label
        }
        #expect(labels == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        #expect(image == [0.5])
    }

    @Test func signFlipSendsTheOppositeScaled() throws {
        #expect(forged(try attack(SignFlip.self), [1, -2, 0.5]) == [-1, 2, -0.5])
        #expect(forged(try attack(SignFlip.self, ["scale": "5"]), [1, -2, 0.5]) == [-5, 10, -2.5])
    }

    @Test func forgedUpdatesAreFinite() throws {
        let largest = Float.greatestFiniteMagnitude
        #expect(forged(try attack(SignFlip.self, ["scale": "5"]), [largest, -largest]) == [-largest, largest])
        #expect(forged(try attack(ScaledNoise.self), [largest, largest]).allSatisfy { $0.isFinite })
    }

    @Test func scaledNoiseHasTheDeviationOfTheUpdateTimesItsScale() throws {
        // Root mean square 2, so that the noise has the deviation 6.
        let update = (0..<20_000).map { $0 % 2 == 0 ? Float(2) : -2 }
        let noise = zip(forged(try attack(ScaledNoise.self, ["scale": "3"]), update), update).map { Double($0 - $1) }
        let mean = noise.reduce(0, +) / 20_000
        let deviation = (noise.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
        // Four standard errors: 6/√20000 and 6/√40000.
        #expect(abs(mean) < 0.17 && abs(deviation - 6) < 0.12)
        #expect(forged(try attack(ScaledNoise.self), [0, 0]) == [0, 0])
    }

    @Test func backdoorStampsEveryPlaneAndChangesTheLabel() throws {
        let attack = try attack(Backdoor.self, ["target": "7", "share": "1", "size": "2"])
        var (image, stream, label) = ([Float](repeating: 0, count: 24), stream, Int32(3))
        var span = image.mutableSpan
        attack.poison(&span, label: &label, height: 3, width: 4, classes: 10, stream: &stream)
        let plane: [Float] = [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1]
        #expect(image == plane + plane)
        #expect(label == 7)
    }

    @Test func backdoorTakesItsShareOfTheSamples() throws {
        let attack = try attack(Backdoor.self, ["share": "0.25"])
        var stream = stream
        var stamped = 0
        for _ in 0..<4000 {
            var (image, label) = ([Float](repeating: 0, count: 9), Int32(5))
            var span = image.mutableSpan
            attack.poison(&span, label: &label, height: 3, width: 3, classes: 10, stream: &stream)
            #expect((label == 0) == (image[8] == 1))
            if label == 0 { stamped += 1 }
        }
        // Four standard deviations: √(4000 · ¼ · ¾) = 27.
        #expect(abs(stamped - 1000) < 110)
    }

    @Test func backdoorRefusesDataItDoesNotFit() throws {
        let attack = try attack(Backdoor.self, ["target": "10"])
        #expect(throws: ConfigurationError("attack 'backdoor': target is 10, and the classes are 0 to 9")) {
            try attack.validate(classes: 10, height: 28, width: 28)
        }
        try attack.validate(classes: 11, height: 28, width: 28)
        #expect(throws: ConfigurationError("attack 'backdoor': size is 3, and images are 2×8")) {
            try attack.validate(classes: 11, height: 2, width: 8)
        }
    }

    @Test func colludersSendTheirMeanMinusDeviations() throws {
        var updates = try UpdateMatrix([[9, 9], [1, 0], [3, 4], [9, 9]])
        try attack(ALittleIsEnough.self, ["z": "1.5"]).forge(rows: [1, 2], of: &updates)
        // Means 2 and 2, deviations 1 and 2.
        #expect((0..<4).map { updates.row($0) } == [[9, 9], [0.5, -1], [0.5, -1], [9, 9]])
    }

    @Test func aSingleColluderSendsItsOwnUpdate() throws {
        var updates = try UpdateMatrix([[1, 2], [3, 4], [5, 6]])
        try attack(ALittleIsEnough.self).forge(rows: [1], of: &updates)
        #expect(updates.row(1) == [3, 4])
        try attack(ALittleIsEnough.self).forge(rows: [], of: &updates)
        #expect(updates.row(1) == [3, 4])
    }

    /// 50 clients with 24 attackers: s = 2, Φ(z) = 24/26 = 0.92308, z = 1.4261 in tables of the normal distribution. Of
    /// 11 with 2: s = 4, Φ(z) = 5/9 = 0.55556, z = 0.1397.
    @Test func theNumberOfDeviationsFollowsThePaper() {
        #expect(abs(ALittleIsEnough.deviations(clients: 50, attackers: 24) - 1.4261) < 5e-4)
        #expect(abs(ALittleIsEnough.deviations(clients: 11, attackers: 2) - 0.1397) < 5e-4)
        #expect(ALittleIsEnough.deviations(clients: 10, attackers: 1) < 1e-9)
        #expect(ALittleIsEnough.deviations(clients: 4, attackers: 4) > 3.99)
    }
}
