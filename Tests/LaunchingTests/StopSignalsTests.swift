import Foundation
import Testing

@testable import Launching

@Suite struct StopSignalsTests {
    @Test func `Handlers run on a stack of their own, because matrix kernels move the stack pointer`() {
        _ = StopSignals.raiseFlag()
        defer { StopSignals.lower() }
        var place = stack_t()
        #expect(sigaltstack(nil, &place) == 0)
        #expect(place.ss_flags == 0 && place.ss_size >= 1 << 16)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            sigaction(number, nil, &action)
            #expect(action.sa_flags & SA_ONSTACK != 0)
        }
    }
}
