import FedCore
import FedMPI
import Records
import Testing

@Suite struct ArgumentTests {
    private func settings(_ line: String) throws -> RunSettings {
        var settings = RunSettings()
        settings.rounds = 3
        try settings.read(arguments: line.split(separator: " ").map(String.init))
        return settings
    }

    @Test func `Settings have the names and the words of the main program`() throws {
        let settings = try settings(
            "--rounds=7 --strategy fedprox --strategy-options mu=0.5,x=y --real-delays --inject kill:rank=1@round=2 "
                + "--inject kill:rank=2@round=3")
        #expect(settings.rounds == 7 && settings.strategy == "fedprox")
        #expect(settings.strategyOptions == ["mu": "0.5", "x": "y"])
        #expect(settings.realDelays)
        #expect(settings.inject == ["kill:rank=1@round=2", "kill:rank=2@round=3"])
    }

    @Test func `What is not given stays as the program has set it`() throws {
        #expect(try settings("--seed 5").rounds == 3)
        #expect(try settings("").seed == RunSettings().seed)
    }

    @Test(arguments: [
        ("--ruonds 3", "unknown key 'ruonds'; did you mean 'rounds'?"),
        ("rounds 3", "'rounds' is not a setting: their names begin with --"),
        ("--rounds", "--rounds needs a value"),
    ]) func `What cannot be read is refused in one line`(line: String, message: String) {
        #expect(throws: ConfigurationError(message)) { try settings(line) }
    }

    @Test func `A value outside its domain is refused`() {
        #expect(throws: ConfigurationError.self) { try settings("--rounds 0") }
        #expect(throws: ConfigurationError.self) { try settings("--rounds many") }
    }
}
