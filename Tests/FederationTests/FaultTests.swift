import FedCore
import Federation
import Testing

@testable import Records

@Suite struct FaultTests {
    @Test func `A fault names its kind, rank, round, phase and seconds`() throws {
        let fault = try Fault("delay:rank=3@round=2,phase=gather,seconds=1.5")
        #expect(fault.kind == .delay && fault.rank == 3 && fault.round == 2)
        #expect(fault.phase == .gather && fault.seconds == 1.5)
        #expect(try Fault("kill:rank=1@round=1").phase == .train)
    }

    @Test(arguments: [
        "", "kill", "explode:rank=1@round=1", "kill:rank=0@round=1", "kill:rank=1", "kill:rank=1@round=0",
        "kill:rank=1@round=1,phase=lunch", "delay:rank=1@round=1,seconds=-1",
        "delay:rank=1@round=1,seconds=3601", "delay:rank=1@round=1,seconds=nan", "kill:rank=1@rank=2@round=1",
        "kill:rank=1@round=1,what=ever",
    ])
    func `What is not a fault is refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try Fault(text) }
    }
}
